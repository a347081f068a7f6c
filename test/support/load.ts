import { phraseReady, post } from './callbacks.ts'

/** What a sender knows of its callbacks: those that were answered 200, by event id, and all that were sent. */
export interface Ledger {
  readonly acknowledged: Map<string, string>
  readonly sent: Set<string>
}

export const TASKS = ['a', 'b', 'c', 'd', 'e']

let serial = 0

/** Posts different callbacks for five tasks as fast as they are answered, from several senders, until the server is gone or `left` says so. */
export async function pour (url: string, ledger: Ledger, left: () => boolean, senders = 8): Promise<void> {
  async function send (): Promise<void> {
    while (left()) {
      const taskId = TASKS[serial % TASKS.length] as string
      const phrase = `phrase ${++serial}`
      ledger.sent.add(phrase)
      const { status, json } = await post(url, phraseReady(taskId, phrase))
      if (status === 200) ledger.acknowledged.set(`${taskId} ${json.eventId}`, phrase)
    }
  }
  // A server that is killed breaks connections: that is the end of the round and no answer.
  await Promise.all(Array.from({ length: senders }, () => send().catch(() => {})))
}

/** Everything that a server has, by the same keys as the ledger, and what is wrong with its order. */
export async function takeStock (url: string): Promise<{ kept: Map<string, string>, faults: string[] }> {
  const kept = new Map<string, string>()
  const faults: string[] = []
  for (const taskId of TASKS) {
    const events = await history(url, taskId)
    events.forEach(({ id, data }, i) => {
      if (Number(id.split('.')[1]) !== i + 1) faults.push(`${taskId}: ${id} stands at place ${i + 1}`)
      kept.set(`${taskId} ${id}`, data.validateInfo)
    })
  }
  const phrases = [...kept.values()]
  if (new Set(phrases).size !== phrases.length) faults.push('a callback was kept twice')
  return { kept, faults }
}

type PhraseEvent = { readonly id: string, readonly data: { readonly validateInfo: string } }

/** All events of a task, which come in parts. */
async function history (url: string, taskId: string): Promise<PhraseEvent[]> {
  const all: PhraseEvent[] = []
  for (;;) {
    const response = await fetch(`${url}/tasks/${taskId}?after=${all.at(-1)?.id ?? ''}`)
    const { events = [] } = await response.json() as { events?: PhraseEvent[] }
    if (events.length === 0) return all
    all.push(...events)
  }
}

/** What was acknowledged and is not there, or is there and was never sent. */
export function compare ({ acknowledged, sent }: Ledger, kept: Map<string, string>): string[] {
  const lost = [...acknowledged].filter(([key, phrase]) => kept.get(key) !== phrase).map(([key]) => `lost: ${key}`)
  const invented = [...kept.values()].filter((phrase) => !sent.has(phrase)).map((phrase) => `never sent: ${phrase}`)
  return [...lost, ...invented]
}
