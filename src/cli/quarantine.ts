import { readConfig } from '../config.ts'
import { replayHeld } from '../hub/replay.ts'
import { openServersHistory } from '../storage.ts'
import type { EventStore } from '../store/store.ts'
import { redactTokens } from '../secrets.ts'
import { readHeld } from '../suno/callback.ts'

const HELP = `Manages the quarantine: authentic callbacks that could not be read.

Usage: npx phrase-relay quarantine list          print held callbacks: id, time, step, bytes, reason
       npx phrase-relay quarantine show ID       print the body of a callback
       npx phrase-relay quarantine replay [ID]   read all again, or one; a callback that can be read becomes an event
       npx phrase-relay quarantine drop ID       remove a callback

Works on the store of STORE_URL, also while the server runs: open streams receive replayed events within a second. The
server replays the quarantine at every start.
`

type Verb = (store: EventStore, id: number | undefined) => Promise<string>

const VERBS = new Map<string, Verb>([['list', list], ['show', show], ['replay', replay], ['drop', drop]])

/**
 * The command `quarantine`: `list`, `show ID`, `replay [ID]` and `drop ID`, on the store of `STORE_URL`.
 *
 * @returns the text to print
 * @throws {RangeError} when an argument is wrong, or the store has no file
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be used
 */
export async function quarantine (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [name = '--help', id] = args
  if (name === '--help') return HELP
  const verb = VERBS.get(name)
  if (!verb) {
    throw new RangeError(`Cannot run quarantine ${JSON.stringify(name)}, expected ${[...VERBS.keys()].join(', ')}`)
  }
  const { store } = await openServersHistory(readConfig(env))
  try {
    return await verb(store, id === undefined ? undefined : readId(id))
  } finally {
    await store.close()
  }
}

async function list (store: EventStore): Promise<string> {
  const held = await store.quarantine.list()
  return lines(held.map(({ id, at, step, bytes, reason }) => [id, new Date(at).toISOString(), step, bytes, reason]))
}

async function show (store: EventStore, id: number | undefined): Promise<string> {
  const held = id === undefined ? undefined : await store.quarantine.get(id)
  if (!held) throw notHeld('show', id)
  // In JSON these characters stand only inside a text; a terminal would execute them.
  const escaped = redactTokens(held.body).replace(/[\u007f-\u009f]/g, escapeUnicode)
  return `${escaped}\n`
}

function escapeUnicode (control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

async function replay (store: EventStore, id: number | undefined): Promise<string> {
  const replayed = await replayHeld(store.quarantine, readHeld, { id })
  if (id !== undefined && replayed.length === 0) throw notHeld('replay', id)
  return lines(replayed.map(({ id, event, reason }) => {
    return [id, event ? `became ${event.id} of task ${event.taskId}` : `stays: ${reason}`]
  }))
}

async function drop (store: EventStore, id: number | undefined): Promise<string> {
  if (id === undefined || !await store.quarantine.drop(id)) throw notHeld('drop', id)
  return lines([[id, 'dropped']])
}

function readId (text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new RangeError(`Cannot read the id ${JSON.stringify(text)}, expected a whole number`)
}

function notHeld (verb: string, id: number | undefined): RangeError {
  const fact = 'it is not in the quarantine, expected an id that list prints'
  return new RangeError(`Cannot ${verb} ${id ?? 'nothing'}: ${fact}`)
}

function lines (rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('')
}
