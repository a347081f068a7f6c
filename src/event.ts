import type { EventName, TaskState } from '../schemas/event.ts'
import type { Step } from '../schemas/callback.ts'

/** Mark by which a sender's delivery is known when it comes again. */
export interface Delivery {
  /** Opaque key of bounded length, the same each time the delivery comes. */
  readonly key: string
  /**
   * Action for another body under the same key: reject it, deduplicate it as the same delivery, or append it as an
   * event of its own.
   */
  readonly onConflict: 'reject' | 'deduplicate' | 'append'
  /** Time until which the store has to remember the key, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** Returns the delivery with conflicts appended instead of rejected: other means authenticate its sender. */
export function acceptOtherBody (delivery: Delivery): Delivery {
  return { ...delivery, onConflict: delivery.onConflict === 'reject' ? 'append' : delivery.onConflict }
}

/** Relation of an event to a submission. */
export interface About {
  readonly step: Step
  /**
   * Set for an outcome only: equal for a callback and an answer to a question that say the same, whatever the step: a
   * regenerate may go on showing the phrase of the validate before it.
   */
  readonly meaning?: string | undefined
  /** Set for progress only: Suno's own word for the status, empty where it gives none. */
  readonly progress?: string | undefined
  /** Id of the reservation that the callback's URL carried. */
  readonly submission?: string | undefined
}

/** Event before the store keeps it. */
export interface EventDraft {
  readonly event: EventName
  /** The event's data: one line of JSON, formatted once and never parsed on its way to a stream. */
  readonly data: string
  /** Equal for equal callbacks: a digest of the step and the canonical body. */
  readonly digest: string
  /** Set if the sender marks its deliveries. */
  readonly delivery?: Delivery | undefined
  /** Relation to a submission; unset for an event that no submission can be about. */
  readonly about?: About | undefined
}

/** Event that the store keeps. */
export interface TaskEvent {
  readonly taskId: string
  /** Number within the task: starts at 1 and grows by exactly 1. */
  readonly seq: number
  /** `<epoch>.<seq>` */
  readonly id: string
  readonly event: EventName
  /** The event's data, one line of JSON. */
  readonly data: string
}

/** Summary of a quarantined callback, as lists show it. */
export interface HeldSummary {
  /** Id within the quarantine, never given twice. */
  readonly id: number
  /** Time of arrival, in milliseconds since 1970. */
  readonly at: number
  readonly step: Step
  /** Reason why the callback is unreadable. */
  readonly reason: string
  /** Size of the body. */
  readonly bytes: number
}

/** Authentic but unreadable callback, before it is quarantined. */
export interface HeldDraft {
  readonly step: Step
  /** JSON, as received. */
  readonly body: string
  readonly reason: string
  /** Equal for equal bodies of one step. */
  readonly digest: string
  /** The task id that the signature covers, if it covers one. */
  readonly signedTaskId?: string | undefined
  readonly delivery?: Delivery | undefined
  /** Id of the reservation that the callback's URL carried. */
  readonly submission?: string | undefined
}

/** Callback in quarantine. */
export interface Held extends HeldSummary {
  readonly body: string
  readonly signedTaskId: string | null
  /** Id of the reservation that the callback's URL carried. */
  readonly submission: string | null
}

const STATES = {
  'phrase-ready': 'phrase-ready',
  'phrase-failed': 'phrase-failed',
  'voice-ready': 'voice-ready',
  'voice-failed': 'voice-failed',
  'task-update': 'pending',
  'task-overdue': 'overdue',
  'task-timeout': 'timed-out'
} as const satisfies Record<EventName, TaskState>

/** Returns the state of a task whose newest event has this name. */
export function taskState (newest: EventName): TaskState {
  return STATES[newest]
}

/** Whether an event of this name ends a wait: a phrase or a voice is ready or has failed, or the relay has given up. */
export function isOutcome (name: EventName): boolean {
  return name !== 'task-update' && name !== 'task-overdue'
}
