// Compiled by `npm run check`: each public interface has exactly the fields of its schema.

import type { Static, TSchema } from '@sinclair/typebox'
import type { StepSchema } from '../../schemas/callback.ts'
import type { ConfigSchema } from '../../schemas/config.ts'
import type {
  ClosingSchema, EventDataSchema, EventNameSchema, EventSchema, ReplaySchema, SubscribedSchema, TaskStateSchema
} from '../../schemas/event.ts'
import type {
  ClosingReason, EventData, EventName, OverdueData, PhraseReadyData, RelayEvent, Replay, Step, Subscribed, Task,
  TaskState, VoiceReadyData
} from '../../schemas/relay-event.ts'
import type { Config } from '../../schemas/settings.ts'
import type { TaskSchema } from '../../schemas/task.ts'

/** Fails to compile unless `T` is true. */
type Expect<T extends true> = T
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
/** The declared fields, without `readonly` and without an index signature. */
type Fields<T> = { -readonly [K in keyof T as string extends K ? never : K]: T[K] }
type Matches<T, Schema extends TSchema> = Equal<Fields<T>, Fields<Static<Schema>>>

export type Tests = [
  Expect<Matches<Config, typeof ConfigSchema>>,
  Expect<Matches<EventData, typeof EventDataSchema>>,
  Expect<Matches<Subscribed, typeof SubscribedSchema>>,
  Expect<Matches<{ reason: ClosingReason, taskId?: string }, typeof ClosingSchema>>,
  Expect<Equal<EventName, Static<typeof EventNameSchema>>>,
  Expect<Equal<TaskState, Static<typeof TaskStateSchema>>>,
  Expect<Equal<Replay, Static<typeof ReplaySchema>>>,
  Expect<Equal<Step, Static<typeof StepSchema>>>,
  Expect<Equal<keyof Fields<PhraseReadyData | VoiceReadyData | OverdueData>, keyof Fields<EventData>>>,
  Expect<Equal<keyof RelayEvent, keyof Static<typeof EventSchema>>>,
  Expect<Equal<Omit<Fields<Task>, 'events'>, Omit<Fields<Static<typeof TaskSchema>>, 'events'>>>,
  Expect<Equal<Task['events'][number], RelayEvent>>
]
