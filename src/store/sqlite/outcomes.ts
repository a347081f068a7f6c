import type { DatabaseSync } from 'node:sqlite'
import type { Step } from '../../../schemas/callback.ts'
import type { EventName } from '../../../schemas/event.ts'
import { meaningOf, type OutcomeFields } from '../../meaning.ts'
import { writeOutcome } from './entry.ts'

const PAGE = 500
// A migration does not change with the schemas, and the thread of the writer does not load TypeBox.
const STEPS: readonly unknown[] = ['validate', 'regenerate', 'generate'] satisfies Step[]

/**
 * Fills in the outcomes of events that were kept before there were submissions, in the caller's transaction: their
 * phrases are not the outcome of a later submission.
 */
export function fillInOutcomes (db: DatabaseSync): void {
  const find = db.prepare(`
    SELECT n, event, data FROM events WHERE n > ? AND outcome IS NULL
    AND event IN ('phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed') ORDER BY n LIMIT ${PAGE}`)
  const update = db.prepare('UPDATE events SET outcome = ? WHERE n = ?')
  for (let after: number | undefined = 0; after !== undefined;) {
    const rows = find.all(after) as unknown as Array<{ n: number, event: EventName, data: string }>
    for (const { n, event, data } of rows) update.run(outcomeOf(event, data), n)
    after = rows.length === PAGE ? rows.at(-1)?.n : undefined
  }
}

/** Returns the text of an outcome; null for data of another form than a callback's. */
function outcomeOf (event: EventName, data: string): string | null {
  try {
    const { step, ...fields } = JSON.parse(data) as { readonly step: Step } & OutcomeFields
    return STEPS.includes(step) ? writeOutcome(step, meaningOf(event, fields)) : null
  } catch {
    return null
  }
}
