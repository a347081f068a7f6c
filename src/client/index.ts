export { PhraseFailed, WaitTimeout, WatchRefused } from './errors.ts'
export type { Fetch, Ticket, WatchOptions } from './options.ts'
export { waitForPhrase, type WaitOptions } from './wait-for-phrase.ts'
export { watchTask, type TaskEvents } from './watch-task.ts'
export type {
  EventData, EventName, EventOf, OverdueData, PhraseFailedEvent, PhraseReadyData, PhraseReadyEvent, RelayEvent, Replay,
  Step, TaskOverdueEvent, TaskTimeoutEvent, TaskUpdateEvent, VoiceFailedEvent, VoiceReadyData, VoiceReadyEvent
} from '../../schemas/relay-event.ts'
