import { Type, type Static } from '@sinclair/typebox'
import { TaskIdSchema } from './callback.ts'

/** Value of the header, query parameter or cookie that carries a ticket. */
export const TicketSchema = Type.String({ description: 'a ticket, for clients that cannot send Authorization' })

/**
 * Claims of a ticket. Other claims are ignored.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 */
export const TicketClaimsSchema = Type.Object({
  tasks: Type.Union([Type.Tuple([Type.Literal('*')]), Type.Array(TaskIdSchema, { minItems: 1 })], {
    description: 'tasks that the bearer may watch; ["*"] for all tasks'
  }),
  exp: Type.Number({ description: 'expiry, in seconds since 1970' })
})
export type TicketClaims = Static<typeof TicketClaimsSchema>
