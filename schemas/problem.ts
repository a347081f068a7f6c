import { Type } from '@sinclair/typebox'

/**
 * Body of every error answer, `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const ProblemSchema = Type.Object({
  type: Type.Literal('about:blank'),
  title: Type.String({ description: 'the status in words' }),
  status: Type.Integer(),
  code: Type.String({ description: 'stable, for programs' }),
  detail: Type.String({ description: 'prose, for people' }),
  sunoCode: Type.Optional(Type.Integer({ description: 'the number that Suno refused a submission with' }))
})

/** Answer of `/healthz`, and of `/readyz` if the server is ready. */
export const HealthSchema = Type.Object({ status: Type.Literal('ok') })
