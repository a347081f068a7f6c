import { Type, type Static } from '@sinclair/typebox'
import { TaskIdSchema } from './callback.ts'

/** The header, query field or cookie value that carries a ticket. */
export const TicketSchema = Type.String({ description: 'a ticket, for clients that cannot send Authorization' })

/**
 * What a ticket says. Other claims are passed over.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 */
export const TicketClaimsSchema = Type.Object({
  tasks: Type.Union([Type.Tuple([Type.Literal('*')]), Type.Array(TaskIdSchema, { minItems: 1 })], { description: 'the tasks that its bearer may watch; ["*"] is all of them' }),
  exp: Type.Number({ description: 'when that ends, in seconds since 1970' })
})
export type TicketClaims = Static<typeof TicketClaimsSchema>
