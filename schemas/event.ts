import { Type, type Static } from '@sinclair/typebox'
import { StepSchema } from './callback.ts'
import { TicketSchema } from './ticket.ts'

/** The names of the events that are kept. A closed list: a name is written into a frame as it is. */
export const EventNameSchema = Type.Union([
  Type.Literal('phrase-ready'),
  Type.Literal('phrase-failed'),
  Type.Literal('voice-ready'),
  Type.Literal('voice-failed'),
  Type.Literal('task-update'),
  Type.Literal('task-overdue'),
  Type.Literal('task-timeout')
])
export type EventName = Static<typeof EventNameSchema>

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

/** An event's data: the sender's own names, then the fields of `data` that the relay does not know, then `receivedAt`. */
export const EventDataSchema = Type.Object({
  taskId: Type.String(),
  step: StepSchema,
  code: nullable(Type.Integer({ description: '200 is success; null in task-overdue and task-timeout, which no sender reports' })),
  msg: nullable(Type.String()),
  status: nullable(Type.String()),
  validateInfo: nullable(Type.String({ description: 'the phrase to read out' })),
  errorCode: nullable(Type.Integer()),
  errorMessage: nullable(Type.String()),
  voiceId: Type.Optional(nullable(Type.String())),
  source: Type.Optional(Type.Union([Type.Literal('callback'), Type.Literal('query')], { description: 'query: the relay asked Suno; absent in task-overdue and task-timeout' })),
  submittedAt: Type.Optional(Type.String({ description: 'ISO 8601, UTC: task-overdue and task-timeout have it' })),
  receivedAt: Type.String({ description: 'ISO 8601, UTC: a phrase lives only minutes' })
}, { additionalProperties: true })
export type EventData = Static<typeof EventDataSchema>

/** An event as clients see it, in a frame or in a task's JSON. */
export const EventSchema = Type.Object({
  id: Type.String({ description: '<epoch>.<seq>' }),
  event: EventNameSchema,
  data: EventDataSchema
})
export type RelayEvent = Static<typeof EventSchema>

/** What a task's newest event says of it; `unknown` when nothing is kept. */
export const TaskStateSchema = Type.Union([
  Type.Literal('pending'),
  Type.Literal('overdue'),
  Type.Literal('phrase-ready'),
  Type.Literal('phrase-failed'),
  Type.Literal('voice-ready'),
  Type.Literal('voice-failed'),
  Type.Literal('timed-out')
])
export type TaskState = Static<typeof TaskStateSchema>

/** Data of the first frame of every stream. */
export const SubscribedSchema = Type.Object({
  taskId: Type.String(),
  state: Type.Union([TaskStateSchema, Type.Literal('unknown')]),
  lastEventId: nullable(Type.String({ description: 'id of the newest event that is kept' })),
  gap: Type.Boolean({ description: 'true: the cursor was not known, so events may have been missed' }),
  replayed: Type.Integer({ minimum: 0, description: 'how many kept events follow at once' })
})
export type Subscribed = Static<typeof SubscribedSchema>

/** Data of the last frame of a stream that the server ends. */
export const ClosingSchema = Type.Object({
  reason: Type.Union([Type.Literal('drain'), Type.Literal('slow'), Type.Literal('ticket-expired'), Type.Literal('done')])
})
export type ClosingReason = Static<typeof ClosingSchema>['reason']

export const ReplaySchema = Type.Union([Type.Literal('latest'), Type.Literal('all'), Type.Literal('none')])
export type Replay = Static<typeof ReplaySchema>

/** A stream of frames, as text. */
export const FramesSchema = Type.String({ contentMediaType: 'text/event-stream' })

/** Query of `GET /events/:taskId`. */
export const EventsQuerySchema = Type.Object({
  ticket: Type.Optional(TicketSchema),
  lastEventId: Type.Optional(Type.String({ description: 'cursor, for clients that cannot send Last-Event-ID' })),
  replay: Type.Optional(ReplaySchema),
  until: Type.Optional(Type.Literal('done'))
})
