import { Type } from '@sinclair/typebox'
import { TaskIdSchema } from './callback.ts'
import { EventSchema, TaskStateSchema } from './event.ts'
import { TicketSchema } from './ticket.ts'

export const TaskParamsSchema = Type.Object({ taskId: TaskIdSchema })

/** Query of `GET /tasks/:taskId`. */
export const TaskQuerySchema = Type.Object({
  ticket: Type.Optional(TicketSchema),
  after: Type.Optional(Type.String({
    description: 'event id: only later events are returned; everything kept if it is unknown'
  })),
  wait: Type.Optional(Type.Number({
    minimum: 0,
    maximum: 60,
    description: 'seconds to hold the response until there is an event; 0 for an immediate response'
  }))
})

/** Response of `GET /tasks/:taskId`. */
export const TaskSchema = Type.Object({
  taskId: Type.String(),
  state: TaskStateSchema,
  submittedAt: Type.Optional(Type.String({
    description: 'ISO 8601, UTC: time of the submission whose outcome is expected'
  })),
  lastEventId: Type.String(),
  updatedAt: Type.String({ description: 'ISO 8601, UTC' }),
  events: Type.Array(EventSchema, {
    description: 'oldest first, at most 1,000 events or 256 KiB of data; `after` with the last id returns the next ones'
  })
})
export type { Task } from './relay-event.ts'

/** Response of `DELETE /tasks/:taskId`. */
export const ErasedSchema = Type.Object({
  taskId: Type.String(),
  events: Type.Integer({ description: 'number of events that were erased' }),
  callbacks: Type.Integer({ description: 'number of callbacks in quarantine that were erased' })
})
