import { Type } from '@sinclair/typebox'
import { StepSchema } from './callback.ts'
import { TicketSchema } from './ticket.ts'

export type {
  ClosingReason, EventData, EventName, RelayEvent, Replay, Subscribed, TaskState
} from './relay-event.ts'

/** Names of events. A closed list, because a name is written into a frame without escaping. */
export const EventNameSchema = Type.Union([
  Type.Literal('phrase-ready'),
  Type.Literal('phrase-failed'),
  Type.Literal('voice-ready'),
  Type.Literal('voice-failed'),
  Type.Literal('task-update'),
  Type.Literal('task-overdue'),
  Type.Literal('task-timeout')
])

type Schema = Parameters<typeof Type.Union>[0][number]

/** Returns the schema of a value that may be null. */
export const nullable = <T extends Schema>(schema: T) => Type.Union([schema, Type.Null()])

/** Data of an event: known fields under the sender's names, and any other field of the sender. */
export const EventDataSchema = Type.Object({
  taskId: Type.String(),
  step: StepSchema,
  code: nullable(Type.Integer({
    description: '200 is success; null in task-overdue and task-timeout, which no callback reports'
  })),
  msg: nullable(Type.String()),
  status: nullable(Type.String()),
  validateInfo: nullable(Type.String({ description: 'phrase to read aloud' })),
  errorCode: nullable(Type.Integer()),
  errorMessage: nullable(Type.String()),
  voiceId: Type.Optional(nullable(Type.String())),
  source: Type.Optional(Type.Union([Type.Literal('callback'), Type.Literal('query')], {
    description: 'query: the relay asked Suno; absent in task-overdue and task-timeout'
  })),
  submittedAt: Type.Optional(Type.String({ description: 'ISO 8601, UTC; only in task-overdue and task-timeout' })),
  receivedAt: Type.String({ description: 'ISO 8601, UTC; a phrase expires within minutes' })
}, { additionalProperties: true })

/** Event in a frame of a stream or in a task's JSON. */
export const EventSchema = Type.Object({
  id: Type.String({ description: '<epoch>.<seq>' }),
  event: EventNameSchema,
  data: EventDataSchema
})

/** State of a task, as its newest event reports it. */
export const TaskStateSchema = Type.Union([
  Type.Literal('pending'),
  Type.Literal('overdue'),
  Type.Literal('phrase-ready'),
  Type.Literal('phrase-failed'),
  Type.Literal('voice-ready'),
  Type.Literal('voice-failed'),
  Type.Literal('timed-out')
])

/** Data of the first frame of every stream. */
export const SubscribedSchema = Type.Object({
  taskId: Type.String(),
  state: Type.Union([TaskStateSchema, Type.Literal('expired'), Type.Literal('unknown')]),
  submittedAt: Type.Optional(Type.String({
    description: 'ISO 8601, UTC: time of the submission whose outcome is expected'
  })),
  lastEventId: nullable(Type.String({ description: 'id of the newest event that is kept' })),
  gap: Type.Boolean({ description: 'true: the cursor was not known, so events may have been missed' }),
  replayed: Type.Integer({ minimum: 0, description: 'how many kept events follow at once' }),
  eventId: Type.Optional(Type.String({
    description: 'in a stream of several tasks: the event id at which the task starts'
  }))
})

/** Data of the last frame of a stream that the server ends. */
export const ClosingSchema = Type.Object({
  reason: Type.Union([
    Type.Literal('drain'),
    Type.Literal('slow'),
    Type.Literal('ticket-expired'),
    Type.Literal('done'),
    Type.Literal('history-lost'),
    Type.Literal('erased')
  ]),
  taskId: Type.Optional(Type.String({
    description: 'in a stream of several tasks: the one that is history-lost or erased'
  }))
})

export const ReplaySchema = Type.Union([Type.Literal('latest'), Type.Literal('all'), Type.Literal('none')])

/** A stream of frames, as text. */
export const FramesSchema = Type.String({ contentMediaType: 'text/event-stream' })

const StreamQuery = {
  lastEventId: Type.Optional(Type.String({ description: 'cursor, for clients that cannot send Last-Event-ID' })),
  replay: Type.Optional(ReplaySchema),
  until: Type.Optional(Type.Literal('done'))
}

const oneOrMore = <T extends Schema>(schema: T) => Type.Union([schema, Type.Array(schema)])

/** Query of `GET /events/:taskId`. */
export const EventsQuerySchema = Type.Object({
  ticket: Type.Optional(TicketSchema),
  ...StreamQuery
})

/** Query of `GET /events`. */
export const TaskListQuerySchema = Type.Object({
  task: Type.Optional(oneOrMore(Type.String({ description: '<task id> or <task id>@<event id>, 1 to 50 times' }))),
  ticket: Type.Optional(oneOrMore(TicketSchema)),
  ...StreamQuery
})
