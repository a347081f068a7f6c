import type { About, EventDraft } from '../../event.ts'
import type { EventStore } from '../../store/store.ts'
import type { ClaimOptions, Patience, Submission } from '../../store/submissions.ts'
import { draft, readAll } from '../drafts.ts'

/** Times of the submissions in these cases. */
export const PATIENCE: Patience = { askAfterMs: 100, giveUpMs: 1000 }

/** Options of a claim without an effective limit. */
export const CLAIM: ClaimOptions = { leaseMs: 50, maxQuestions: 1000, maxCalls: 2000, windowMs: 10 }

/** Returns a phrase that is ready. Phrases of one text are equal outcomes, whatever their data. */
export function phrase (text: string, about: Partial<About> = {}): EventDraft {
  return { ...draft(text), event: 'phrase-ready', about: { step: 'validate', meaning: text, ...about } }
}

/** Returns a failure. */
export function failure (text: string, about: Partial<About> = {}): EventDraft {
  return { ...phrase(text, about), event: 'phrase-failed' }
}

/** Returns progress. Its digest depends on the status and the submission. */
export function progress (status: string, about: Partial<About> = {}): EventDraft {
  const text = `${status} ${about.submission ?? 'of an answer'}`
  return { ...draft(text), about: { step: 'validate', progress: status, ...about } }
}

/** Submits a call that Suno answers with a task, and watches over it. */
export async function submit (
  { submissions }: EventStore,
  id: string,
  taskId: string,
  { step = 'validate', named }: { step?: About['step'], named?: string } = {}
): Promise<Submission> {
  await submissions.reserve({ id, step, taskId: named }, PATIENCE)
  return await submissions.expect(id, taskId) as Submission
}

/** Returns the stage of a task's newest submission. */
export async function stageOf ({ submissions }: EventStore, taskId: string): Promise<string | undefined> {
  return (await submissions.of(taskId))[0]?.stage
}

/** Returns the texts of a task's events. */
export async function textsOf (store: EventStore, taskId: string): Promise<unknown[]> {
  return (await readAll(store, taskId)).map(({ data }) => JSON.parse(data))
}
