import { Type, type Static } from '@sinclair/typebox'

/** A task id as this relay accepts it: 1 to 128 characters that are safe in a URL, a log line and an SSE field. */
export const TaskIdSchema = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,128}$', description: 'Task id: 1 to 128 characters of A-Z a-z 0-9 . _ : -' })

/** Which call to the Suno Voice API a callback answers; the callback's URL says so, its body does not. */
export const StepSchema = Type.Union([Type.Literal('validate'), Type.Literal('regenerate'), Type.Literal('generate')])
export type Step = Static<typeof StepSchema>

export const CallbackParamsSchema = Type.Object({ step: StepSchema })

const nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

/**
 * What the sender posts. Optional fields may be null or absent, and unknown fields are welcome; a known field of a
 * wrong type is not.
 *
 * @see https://docs.sunoapi.org/suno-api/voice-validate-callbacks
 */
export const CallbackBodySchema = Type.Object({
  code: Type.Integer({ description: '200 is success; anything else reports a failure' }),
  msg: nullable(Type.String()),
  taskId: nullable(Type.String()),
  task_id: nullable(Type.String()),
  data: nullable(Type.Object({
    taskId: nullable(Type.String()),
    task_id: nullable(Type.String()),
    status: nullable(Type.String()),
    validateInfo: nullable(Type.String()),
    voiceId: nullable(Type.String()),
    errorCode: nullable(Type.Integer()),
    errorMessage: nullable(Type.String())
  }))
})
export type CallbackBody = Static<typeof CallbackBodySchema>

/** The answer to a callback that was kept. */
export const ReceivedSchema = Type.Object({
  received: Type.Literal(true),
  taskId: Type.String(),
  eventId: Type.String(),
  duplicate: Type.Boolean({ description: 'true: this delivery was kept before, `eventId` is the first one' })
})

/** The answer to an authentic callback that cannot be read: its body is kept for the operator. */
export const QuarantinedSchema = Type.Object({
  received: Type.Literal(true),
  quarantined: Type.Literal(true)
})
