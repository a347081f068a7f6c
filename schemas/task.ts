import { Type, type Static } from '@sinclair/typebox'
import { TaskIdSchema } from './callback.ts'
import { EventSchema, TaskStateSchema } from './event.ts'
import { TicketSchema } from './ticket.ts'

export const TaskParamsSchema = Type.Object({ taskId: TaskIdSchema })

/** Query of `GET /tasks/:taskId`. */
export const TaskQuerySchema = Type.Object({
  ticket: Type.Optional(TicketSchema),
  after: Type.Optional(Type.String({ description: 'only events after this event id; one that is not known: everything kept' })),
  wait: Type.Optional(Type.Number({ minimum: 0, maximum: 60, description: 'seconds to hold the answer until there is an event; 0 answers at once' }))
})

/** The answer of `GET /tasks/:taskId`. */
export const TaskSchema = Type.Object({
  taskId: Type.String(),
  state: TaskStateSchema,
  lastEventId: Type.String(),
  updatedAt: Type.String({ description: 'ISO 8601, UTC' }),
  events: Type.Array(EventSchema)
})
export type Task = Static<typeof TaskSchema>
