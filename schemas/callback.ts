import { Type, type Static } from '@sinclair/typebox'

/** A task id: 1 to 128 characters that are safe in a URL, a log line and an SSE field. */
export const TaskIdSchema = Type.String({
  pattern: '^[A-Za-z0-9._:-]{1,128}$',
  description: 'Task id: 1 to 128 characters of A-Z a-z 0-9 . _ : -'
})

/** The call to the Suno Voice API that a callback answers. Only the callback's URL says which call it is. */
export const StepSchema = Type.Union([
  Type.Literal('validate'),
  Type.Literal('regenerate'),
  Type.Literal('generate')
])
export type { Step } from './relay-event.ts'

export const CallbackParamsSchema = Type.Object({ step: StepSchema })

type Schema = Parameters<typeof Type.Optional>[0]

const nullable = <T extends Schema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

const fields = {
  taskId: nullable(Type.String()),
  task_id: nullable(Type.String()),
  status: nullable(Type.String()),
  validateInfo: nullable(Type.String()),
  voiceId: nullable(Type.String()),
  errorCode: nullable(Type.Integer()),
  errorMessage: nullable(Type.String())
}

/**
 * Body of a callback. Optional fields may be null or absent. A flat body has the fields of `data` at the top level.
 * Unknown fields are allowed; known fields of a wrong type are not.
 *
 * @see https://docs.sunoapi.org/suno-api/voice-validate-callbacks
 */
export const CallbackBodySchema = Type.Object({
  code: Type.Integer({ description: '200 is success; anything else reports a failure' }),
  msg: nullable(Type.String()),
  ...fields,
  data: nullable(Type.Object(fields))
})
export type CallbackBody = Static<typeof CallbackBodySchema>

/** Answer to a callback that was kept. */
export const ReceivedSchema = Type.Object({
  received: Type.Literal(true),
  taskId: Type.String(),
  eventId: Type.String(),
  duplicate: Type.Boolean({ description: 'true: this delivery was kept before, as the event `eventId`' })
})

/** Answer to an authentic callback that cannot be read. Its body is kept for the operator. */
export const QuarantinedSchema = Type.Object({
  received: Type.Literal(true),
  quarantined: Type.Literal(true)
})
