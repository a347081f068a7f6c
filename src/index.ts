import './runtime.ts'

export { createRelay, type Relay } from './app.ts'
export { phraseRelay, type PhraseRelayOptions } from './plugin.ts'
export type { EventBus, News, Unsubscribe } from './bus/bus.ts'
export { localBus } from './bus/local.ts'
export type { Position } from './hub/cursor.ts'
export { RelayError, type ErrorDetails, type RelayErrorCode, type RelayErrorOptions } from './errors.ts'
export type { Follower, LossReason, Receiver } from './hub/follower.ts'
export {
  createHub, type Followed, type FollowFrom, type History, type Hub, type HubObserver, type HubOptions
} from './hub/hub.ts'
export type { IsAbout } from './hub/erase.ts'
export type { ReadHeld, Replayed } from './hub/replay.ts'
export type { TaskList, TaskListOptions, TaskSummary } from './hub/task-list.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { memoryStore } from './store/memory/store.ts'
export { sqliteStore } from './store/sqlite/store.ts'
export { readCallback, readHeld, type ReadCallback, type Reception } from './suno/callback.ts'
export { signTicket } from './ticket.ts'
export type { Config } from '../schemas/settings.ts'
export type * from '../schemas/relay-event.ts'
export type {
  Appended, Erased, EventStore, Extent, ListedNode, ListedTask, Quarantine, RelayNode, Settled,
  StoreOptions, TaskPage, TaskPageOptions
} from './store/store.ts'
export type {
  Answer, Begun, ClaimOptions, Due, Expected, Patience, ReservationDraft, Reserved, Submission, SubmissionCounts,
  SubmissionStage, Submissions, WatchDraft, Watched
} from './store/submissions.ts'
export type { About, Delivery, EventDraft, Held, HeldDraft, HeldSummary, TaskEvent } from './event.ts'
