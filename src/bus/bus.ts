import type { TaskEvent } from '../event.ts'

/** News of a kept event, for the followers of its task. */
export type News = TaskEvent

export type Unsubscribe = () => void

/**
 * Carries news of kept events to the followers of a task.
 *
 * News is a hint: it may be lost, doubled or reordered, and followers stay exact. A bus that may have lost news says
 * so, and followers then ask the store.
 */
export interface EventBus {
  /** Notifies every listener of `news.taskId`; resolves when the news is handed on, not when it is delivered. */
  publish (news: News): Promise<void>

  /**
   * Calls `listener` for all news of `taskId` that is published after the promise resolved, until unsubscribed. A
   * listener must not throw.
   */
  subscribe (taskId: string, listener: (news: News) => void): Promise<Unsubscribe>

  /** Calls `listener` each time after news may have been lost, once news is delivered again. */
  onMissed (listener: () => void): void

  /** Ends every subscription. Idempotent. */
  close (): Promise<void>
}
