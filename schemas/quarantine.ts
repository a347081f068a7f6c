import { Type, type Static } from '@sinclair/typebox'
import { StepSchema } from './callback.ts'
import type { Delivery } from './event.ts'

/** The answer to an authentic callback that cannot be read: its body is kept for the operator. */
export const QuarantinedSchema = Type.Object({
  received: Type.Literal(true),
  quarantined: Type.Literal(true)
})

/** What a list of the quarantine tells of a held callback. */
export const HeldSummarySchema = Type.Object({
  id: Type.Integer({ description: 'never given twice' }),
  at: Type.Number({ description: 'when it came, in milliseconds since 1970' }),
  step: StepSchema,
  reason: Type.String({ description: 'why it could not be read' }),
  bytes: Type.Integer({ description: 'size of its body' })
})
export type HeldSummary = Static<typeof HeldSummarySchema>

/** A callback that is authentic but could not be read, before it is held. */
export interface HeldDraft {
  readonly step: HeldSummary['step']
  /** JSON, as it came. */
  readonly body: string
  readonly reason: string
  /** Equal for equal bodies of one step. */
  readonly digest: string
  /** The task id that its signature covers, where the signature covers one. */
  readonly signedTaskId?: string | undefined
  readonly delivery?: Delivery | undefined
}

/** A callback in quarantine. */
export interface Held extends HeldSummary {
  readonly body: string
  readonly signedTaskId: string | null
}
