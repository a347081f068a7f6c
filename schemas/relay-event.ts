/** Call to the Suno Voice API that a callback answers. The callback's URL names it; its body does not. */
export type Step = 'validate' | 'regenerate' | 'generate'

/** Fields that the data of every event has. The names are those of the sender. */
export interface EventData {
  /** Task id, as Suno gave it. */
  readonly taskId: string
  /** API call that the event answers. */
  readonly step: Step
  /** Code of the callback: 200 is success. Null in `task-overdue` and `task-timeout`, which no callback reports. */
  readonly code: number | null
  /** Message that belongs to `code`. */
  readonly msg: string | null
  /** Status of the task in the words of the sender, such as `wait_validating`. */
  readonly status: string | null
  /** Phrase that the user has to read aloud. A string in `phrase-ready`. */
  readonly validateInfo: string | null
  /** Code of a failure; 0 or null if there is none. */
  readonly errorCode: number | null
  /** Reason of a failure; empty or null if there is none. */
  readonly errorMessage: string | null
  /** Id of the voice. A string in `voice-ready`. */
  readonly voiceId?: string | null
  /**
   * `callback` if Suno posted the data, `query` if the relay asked for it. Absent in `task-overdue` and `task-timeout`,
   * which are events of the relay itself.
   */
  readonly source?: 'callback' | 'query'
  /** Time at which the call to Suno was submitted, ISO 8601 in UTC. Only in `task-overdue` and `task-timeout`. */
  readonly submittedAt?: string
  /**
   * Time at which the relay received the data, ISO 8601 in UTC, such as `2026-01-01T00:00:00.000Z`. A phrase expires
   * about three minutes later.
   */
  readonly receivedAt: string
  /** Any other field of the sender, unchanged. */
  readonly [field: string]: unknown
}

/** Data of `phrase-ready`. */
export interface PhraseReadyData extends EventData {
  /** Phrase that the user has to read aloud. */
  readonly validateInfo: string
}

/** Data of `voice-ready`. */
export interface VoiceReadyData extends EventData {
  /** Id of the voice, for calls to the Suno API. */
  readonly voiceId: string
}

/** Data of `task-overdue` and `task-timeout`. */
export interface OverdueData extends EventData {
  /** Time at which the call to Suno was submitted, ISO 8601 in UTC. */
  readonly submittedAt: string
}

/** Event of a task, in a frame of a stream or in the task's JSON. */
export interface EventOf<Name extends string, Data extends EventData = EventData> {
  /**
   * Event id, `<epoch>.<seq>`. `seq` starts at 1 and grows by 1 with each event of the task. `epoch` names the life of
   * the history in which the event was kept. Store it as the `cursor` of a later watch.
   */
  readonly id: string
  /** Name of the event. */
  readonly event: Name
  /** Content of the event. */
  readonly data: Data
}

/** A phrase is ready: `data.validateInfo`. */
export type PhraseReadyEvent = EventOf<'phrase-ready', PhraseReadyData>

/** Suno could not create a phrase: `data.errorMessage` or `data.msg` says why. */
export type PhraseFailedEvent = EventOf<'phrase-failed'>

/** A voice is ready: `data.voiceId`. */
export type VoiceReadyEvent = EventOf<'voice-ready', VoiceReadyData>

/** Suno could not create a voice: `data.errorMessage` or `data.msg` says why. */
export type VoiceFailedEvent = EventOf<'voice-failed'>

/** Progress of a task, or a status that the relay does not know. */
export type TaskUpdateEvent = EventOf<'task-update'>

/** No callback arrived in time. The relay asks Suno for the outcome from now on. */
export type TaskOverdueEvent = EventOf<'task-overdue', OverdueData>

/** No outcome arrived by the deadline. The relay stops asking; a late callback is still accepted. */
export type TaskTimeoutEvent = EventOf<'task-timeout', OverdueData>

/** Event of a task. Compare `event` with a name to narrow the type of `data`. */
export type RelayEvent =
  | PhraseReadyEvent
  | PhraseFailedEvent
  | VoiceReadyEvent
  | VoiceFailedEvent
  | TaskUpdateEvent
  | TaskOverdueEvent
  | TaskTimeoutEvent

/** Name of an event. */
export type EventName = RelayEvent['event']

/** Past events to deliver to a watcher without a cursor: the newest one, all that are kept, or none. */
export type Replay = 'latest' | 'all' | 'none'

/** State of a task: of the submission whose outcome is expected, else as its newest event reports it. */
export type TaskState =
  | 'pending' | 'overdue' | 'phrase-ready' | 'phrase-failed' | 'voice-ready' | 'voice-failed' | 'timed-out'

/** Task as JSON: the answer of `GET /tasks/:taskId`. */
export interface Task {
  /** Task id. */
  readonly taskId: string
  /** State of the task. */
  readonly state: TaskState
  /** Time of the submission whose outcome is expected, ISO 8601 in UTC; absent without one. */
  readonly submittedAt?: string
  /** Id of the newest event; without any, the event id before the submission. */
  readonly lastEventId: string
  /** Time at which the newest event was received, or of the submission if there is none, ISO 8601 in UTC. */
  readonly updatedAt: string
  /** Kept events, oldest first. */
  readonly events: readonly RelayEvent[]
}

/** Data of `subscribed`, the first frame of every stream. */
export interface Subscribed {
  /** Task id. */
  readonly taskId: string
  /** State of the task; `unknown` if it never had an event, `expired` if its events were deleted. */
  readonly state: TaskState | 'expired' | 'unknown'
  /** Time of the submission whose outcome is expected, ISO 8601 in UTC; absent without one. */
  readonly submittedAt?: string
  /** Id of the newest kept event; null if there is none. */
  readonly lastEventId: string | null
  /** true: the server does not know the cursor, so events may have been missed. */
  readonly gap: boolean
  /** Number of kept events that follow at once. */
  readonly replayed: number
  /** Event id at which the task starts. Only in a stream of several tasks, whose frames have an id for all of them. */
  readonly eventId?: string
}

/** Reason for which the server ends a stream, in the frame `closing`. */
export type ClosingReason = 'drain' | 'slow' | 'ticket-expired' | 'done' | 'history-lost' | 'erased'
