import type { TaskEvent } from '../event.ts'

/** Told to whoever follows a task: this event was kept. */
export type News = TaskEvent

export type Unsubscribe = () => void

/**
 * Carries news of kept events to everyone who follows a task.
 *
 * News is a hint to look: it may be lost, doubled or reordered, and followers stay exact. A bus that may lose news
 * says so, and followers then look at the store from time to time.
 */
export interface EventBus {
  /** false: news may be lost. */
  readonly lossless: boolean

  /** Tells every listener of `news.taskId`; resolves when the news is handed on, not when it was heard. */
  publish (news: News): Promise<void>

  /** Calls `listener` for all news of `taskId` that is published after the promise resolved, until unsubscribed. A listener must not throw. */
  subscribe (taskId: string, listener: (news: News) => void): Promise<Unsubscribe>

  /** Ends every subscription. Twice is fine. */
  close (): Promise<void>
}
