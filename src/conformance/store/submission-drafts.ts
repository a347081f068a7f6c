import type { About, EventDraft } from '../../event.ts'
import type { EventStore } from '../../store/store.ts'
import type { ClaimOptions, Patience, Submission } from '../../store/submissions.ts'
import { draft, readAll } from '../drafts.ts'

/** Times of the submissions in these cases. */
export const PATIENCE: Patience = { askAfterMs: 100, giveUpMs: 1000 }

/** Choices of a claim that no limit stops. */
export const CLAIM: ClaimOptions = { leaseMs: 50, maxQuestions: 1000, maxCalls: 2000, windowMs: 10 }

/** Returns a phrase that is ready. Two with the same text say the same, whatever their data. */
export function phrase (text: string, about: Partial<About> = {}): EventDraft {
  return { ...draft(text), event: 'phrase-ready', about: { step: 'validate', meaning: text, ...about } }
}

/** Returns a failure. */
export function failure (text: string, about: Partial<About> = {}): EventDraft {
  return { ...phrase(text, about), event: 'phrase-failed' }
}

/** Returns progress; its digest is its own. */
export function progress (status: string, about: Partial<About> = {}): EventDraft {
  return { ...draft(`${status} ${about.submission ?? 'of an answer'}`), about: { step: 'validate', progress: status, ...about } }
}

/** Submits a call that Suno answers with a task, and watches over it. */
export async function submit (
  { submissions }: EventStore, id: string, taskId: string, { step = 'validate', named }: { step?: About['step'], named?: string } = {}
): Promise<Submission> {
  await submissions.reserve({ id, step, taskId: named })
  return await submissions.expect(id, taskId, PATIENCE) as Submission
}

/** Returns the stage of a task's newest submission. */
export async function stageOf ({ submissions }: EventStore, taskId: string): Promise<string | undefined> {
  return (await submissions.of(taskId))[0]?.stage
}

/** Returns the texts of a task's events. */
export async function textsOf (store: EventStore, taskId: string): Promise<unknown[]> {
  return (await readAll(store, taskId)).map(({ data }) => JSON.parse(data))
}
