import { phraseReady, post } from './callbacks.ts'

/** Callbacks of a sender: the acknowledged ones by event id, and all phrases that were sent. */
export interface Ledger {
  readonly acknowledged: Map<string, string>
  readonly sent: Set<string>
}

export const TASKS = ['a', 'b', 'c', 'd', 'e']

let serial = 0

/**
 * Posts different callbacks for five tasks from several senders, each as soon as the previous one is answered.
 *
 * Ends when the server is gone or `isRunning` returns false.
 */
export async function postMany (url: string, ledger: Ledger, isRunning: () => boolean, senders = 8): Promise<void> {
  async function send (): Promise<void> {
    while (isRunning()) {
      const taskId = TASKS[serial % TASKS.length] as string
      const phrase = `phrase ${++serial}`
      ledger.sent.add(phrase)
      const { status, json } = await post(url, phraseReady(taskId, phrase))
      if (status === 200) ledger.acknowledged.set(`${taskId} ${json.eventId}`, phrase)
    }
  }
  // A killed server closes connections without an answer. This ends the round.
  await Promise.all(Array.from({ length: senders }, () => send().catch(() => {})))
}

export interface Stored {
  /** Phrases, by the keys of the ledger. */
  readonly kept: Map<string, string>
  /** Faults of their order. */
  readonly faults: string[]
}

/** Reads all events of a server. */
export async function readAll (url: string): Promise<Stored> {
  const kept = new Map<string, string>()
  const faults: string[] = []
  for (const taskId of TASKS) {
    const events = await history(url, taskId)
    events.forEach(({ id, data }, i) => {
      if (Number(id.split('.')[1]) !== i + 1) faults.push(`${taskId}: ${id} is number ${i + 1}`)
      kept.set(`${taskId} ${id}`, data.validateInfo)
    })
  }
  const phrases = [...kept.values()]
  if (new Set(phrases).size !== phrases.length) faults.push('a callback was stored twice')
  return { kept, faults }
}

type PhraseEvent = { readonly id: string, readonly data: { readonly validateInfo: string } }

/** Reads all events of a task, page by page. */
async function history (url: string, taskId: string): Promise<PhraseEvent[]> {
  const all: PhraseEvent[] = []
  for (;;) {
    const response = await fetch(`${url}/tasks/${taskId}?after=${all.at(-1)?.id ?? ''}`)
    const { events = [] } = await response.json() as { events?: PhraseEvent[] }
    if (events.length === 0) return all
    all.push(...events)
  }
}

/** Returns the faults: acknowledged callbacks that are not stored, and stored ones that were never sent. */
export function compare ({ acknowledged, sent }: Ledger, kept: Map<string, string>): string[] {
  const lost = [...acknowledged].filter(([key, phrase]) => kept.get(key) !== phrase).map(([key]) => `lost: ${key}`)
  const invented = [...kept.values()].filter((phrase) => !sent.has(phrase)).map((phrase) => `never sent: ${phrase}`)
  return [...lost, ...invented]
}
