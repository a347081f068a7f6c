import { Type, type Static } from '@sinclair/typebox'
import { StepSchema } from './callback.ts'
import { nullable } from './event.ts'

/** Body of `POST /tasks`: the step, and the vendor's own fields, of which `schemas/suno.ts` knows some. */
export const SubmitBodySchema = Type.Object({ step: StepSchema }, { additionalProperties: true })

/** Body of `PUT /tasks/:taskId`. */
export const WatchBodySchema = Type.Object({ step: StepSchema })

/**
 * Headers of `POST /tasks`.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export const SubmitHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'the same key and body within a day get the same answer'
  }))
})

/** Answer of `POST /tasks` and of `PUT /tasks/:taskId`. */
export const SubmittedSchema = Type.Object({
  taskId: Type.String(),
  step: StepSchema,
  lastEventId: Type.String({
    description: 'event id before the submission: a stream that starts here shows only what it brings'
  }),
  events: Type.String({ description: 'URL of that stream, with the ticket' }),
  ticket: nullable(Type.String({ description: 'ticket for the task; null where none is needed' })),
  expiresAt: nullable(Type.String({ description: 'time at which the ticket expires, ISO 8601, UTC' }))
})
export type Submitted = Static<typeof SubmittedSchema>
