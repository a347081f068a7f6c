import { Type, type Static } from '@sinclair/typebox'
import { StepSchema } from './callback.ts'
import { EventNameSchema, nullable, TaskStateSchema, type EventData } from './event.ts'

const isoTime = (description: string) => Type.String({ description: `${description}, ISO 8601, UTC` })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const milliseconds = (description: string) => nullable(Type.Number({
  description: `${description}, in milliseconds; null without an observation`
}))

/** Measurements of one interval of two seconds, of one process. */
export const SampleSchema = Type.Object({
  at: Type.Number({ description: 'end of the interval, in milliseconds since 1970' }),
  streams: count('open streams'),
  kept: count('callbacks that became an event'),
  repeated: count('callbacks that came again'),
  quarantined: count('callbacks that went into quarantine'),
  refused: count('callbacks that were refused'),
  failed: count('callbacks that could not be stored'),
  commitP50: milliseconds('median time from accepting a callback to its commit'),
  commitP99: milliseconds('99th percentile of the same'),
  writeP50: milliseconds('median time from accepting a callback to its first write to a stream'),
  writeP99: milliseconds('99th percentile of the same'),
  loopMax: Type.Number({ description: 'longest delay of the event loop, in milliseconds' })
})
export type Sample = Static<typeof SampleSchema>

export const SamplesQuerySchema = Type.Object({
  after: Type.Optional(Type.Number({ description: 'time in milliseconds since 1970: only later samples are returned' }))
})

/** Answer of `GET /admin/api/samples`. */
export const SamplesSchema = Type.Object({ samples: Type.Array(SampleSchema) })

/** Relay in the list of those that share a store. */
export const ListedNodeSchema = Type.Object({
  name: Type.String({ description: 'host and process id' }),
  version: Type.String(),
  runtime: Type.String(),
  startedAt: isoTime('start of the process'),
  streams: count('open streams'),
  ageMs: count('time since it has announced itself, in milliseconds'),
  isOwn: Type.Boolean({ description: 'the relay that answers' })
})

/** Answer of `GET /admin/api/status`. */
export const StatusSchema = Type.Object({
  version: Type.String(),
  now: isoTime('time of the server'),
  ready: Type.Boolean({ description: 'the store takes writes, and the server is not stopping' }),
  reason: nullable(Type.String({ description: 'why it is not ready' })),
  node: Type.Object({
    name: Type.String({ description: 'host and process id' }),
    runtime: Type.String(),
    startedAt: isoTime('start of the process'),
    streams: count('open streams of this process'),
    callbacks: Type.Record(Type.String(), Type.Integer(), {
      description: 'callbacks of this process since its start, by outcome'
    })
  }),
  nodes: nullable(Type.Array(ListedNodeSchema, {
    description: 'relays on the store that have announced themselves within 15 s, empty while the store is ' +
      'unavailable; null if the store does not know them'
  })),
  store: Type.Object({
    bytes: nullable(Type.Number({ description: 'on disk, or in the memory of the Redis server; null if unknown' })),
    expected: nullable(count('submissions without an outcome, overdue ones included')),
    overdue: nullable(count('submissions whose callback is overdue')),
    quarantined: nullable(count('callbacks in quarantine'))
  }, { description: 'numbers are null while the store is unavailable' })
})
export type Status = Static<typeof StatusSchema>

/** Groups of states that a list of tasks can be narrowed to. */
export const TaskGroupSchema = Type.Union([
  Type.Literal('waiting'), Type.Literal('overdue'), Type.Literal('failed'), Type.Literal('ready')
])
export type TaskGroup = Static<typeof TaskGroupSchema>

/** Query of `GET /admin/api/tasks`. */
export const TaskListQuerySchema = Type.Object({
  group: Type.Optional(TaskGroupSchema),
  before: Type.Optional(Type.String({ maxLength: 300, description: '`next` of the list before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'number of tasks that suffice' }))
})

/** Task of a list. */
export const ListedTaskSchema = Type.Object({
  taskId: Type.String(),
  state: TaskStateSchema,
  step: nullable(StepSchema),
  updatedAt: isoTime('time of the newest event, or of a newer submission'),
  submittedAt: nullable(isoTime('time of the submission whose outcome is expected')),
  lastEventId: nullable(Type.String())
})

/** Answer of `GET /admin/api/tasks`. */
export const TaskListSchema = Type.Object({
  tasks: Type.Array(ListedTaskSchema, { description: 'most recent activity first' }),
  next: nullable(Type.String({ description: 'place at which the rest of the list starts; null at its end' })),
  readTo: nullable(isoTime('activity of the last task that was looked at'))
})
export type TaskListAnswer = Static<typeof TaskListSchema>

/** Query of `GET /admin/api/tasks/:taskId`. */
export const TimelineQuerySchema = Type.Object({
  after: Type.Optional(Type.String({ description: 'event id: only later events are returned' }))
})

/** Answer of `GET /admin/api/tasks/:taskId`. */
export const TimelineSchema = Type.Object({
  taskId: Type.String(),
  state: TaskStateSchema,
  lastEventId: nullable(Type.String({ description: 'id of the newest event' })),
  submissions: Type.Array(Type.Object({
    step: StepSchema,
    stage: Type.String(),
    submittedAt: isoTime('time of the submission'),
    asked: count('number of questions to Suno')
  }), { description: 'newest first' }),
  // Data of any version, as it is kept.
  events: Type.Array(Type.Object({
    id: Type.String(), event: EventNameSchema, data: Type.Unsafe<EventData>(Type.Any())
  }), { description: 'oldest first, at most 1,000 events or 256 KiB of data' })
})
export type Timeline = Static<typeof TimelineSchema>

/** Answer of `GET /admin/api/refusals`. */
export const RefusalsSchema = Type.Object({
  refusals: Type.Array(Type.Object({
    code: Type.String(),
    step: nullable(Type.String()),
    path: nullable(Type.String()),
    reason: nullable(Type.String()),
    count: count('number of equal refusals'),
    firstAt: isoTime('time of the first one'),
    lastAt: isoTime('time of the last one'),
    addresses: Type.Array(Type.String(), { description: 'networks of the last ones, at most three' })
  }), { description: 'most recent first' })
})

export const HeldParamsSchema = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'id within the quarantine' })
})

const held = {
  id: Type.Integer(),
  at: isoTime('time of arrival'),
  step: StepSchema,
  reason: Type.String(),
  bytes: count('size of the body')
}

/** Answer of `GET /admin/api/quarantine`. */
export const QuarantineSchema = Type.Object({
  callbacks: Type.Array(Type.Object(held), { description: 'oldest first' })
})

/** Answer of `GET /admin/api/quarantine/:id`. */
export const HeldSchema = Type.Object({
  ...held,
  body: Type.String({ description: 'JSON, as received, without tokens of URLs' })
})

/** Answer of `POST /admin/api/quarantine/:id/replay`. */
export const ReplayedSchema = Type.Object({
  id: Type.Integer(),
  taskId: nullable(Type.String({ description: 'task of the event that it became' })),
  eventId: nullable(Type.String({ description: 'the event that it became; null: it stays in quarantine' })),
  reason: nullable(Type.String({ description: 'why it stays' }))
})

/** Answer of `POST /admin/api/quarantine/:id/drop`. */
export const DroppedSchema = Type.Object({ id: Type.Integer() })
