import { Type, type Static } from '@sinclair/typebox'
import { TaskIdSchema, type Step } from './callback.ts'

/** The field of each submission that carries the callback URL. The vendor spells the one of regenerate with one l. */
export const CALLBACK_FIELD = {
  validate: 'callBackUrl',
  regenerate: 'calBackUrl',
  generate: 'callBackUrl'
} as const satisfies Record<Step, string>

/** Fields of a validate submission, without the callback URL. `vocalEndS` has to be greater than `vocalStartS`. */
export const ValidateFieldsSchema = Type.Object({
  voiceUrl: Type.String({ minLength: 1, description: 'URL of the recording' }),
  vocalStartS: Type.Integer({ minimum: 0, description: 'start of the vocal part, in seconds' }),
  vocalEndS: Type.Integer({ minimum: 1, description: 'end of the vocal part, in seconds' }),
  language: Type.Optional(Type.String({ description: 'language of the phrase: en zh es fr pt de ja ko hi ru' }))
})

/** Fields of a regenerate submission, without the callback URL. */
export const RegenerateFieldsSchema = Type.Object({ taskId: TaskIdSchema })

/** Fields of a generate submission, without the callback URL. */
export const GenerateFieldsSchema = Type.Object({
  taskId: TaskIdSchema,
  verifyUrl: Type.String({ minLength: 1, description: 'URL of the recording of the phrase' }),
  voiceName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  style: Type.Optional(Type.String()),
  singerSkillLevel: Type.Optional(Type.String({ description: 'beginner, intermediate, advanced or professional' }))
})

/**
 * Fields of each submission, in the vendor's own names. Unknown fields are allowed: vendors add some.
 *
 * @see https://docs.sunoapi.org/suno-api/suno-voice-validate
 */
export const FIELDS = {
  validate: ValidateFieldsSchema,
  regenerate: RegenerateFieldsSchema,
  generate: GenerateFieldsSchema
} as const satisfies Record<Step, unknown>

/** Envelope of every answer of the vendor. Errors often come as HTTP 200 with another `code`. */
export const SunoAnswerSchema = Type.Object({ code: Type.Integer({ description: '200 is success' }) })
export type SunoAnswer = Static<typeof SunoAnswerSchema>
