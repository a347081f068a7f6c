import { existsSync } from 'node:fs'
import { readConfig } from '../config.ts'
import { replayHeld } from '../hub/replay.ts'
import { openStore } from '../store/open.ts'
import type { EventStore } from '../store/store.ts'
import { readHeld } from '../suno/callback.ts'

const HELP = `Looks after the quarantine: authentic callbacks that could not be read.

Usage: npx phrase-relay quarantine list          print what is held: id, time, step, bytes, reason
       npx phrase-relay quarantine show ID       print a body
       npx phrase-relay quarantine replay [ID]   read all again, or one; what can be read now becomes an event
       npx phrase-relay quarantine drop ID       forget one

Works on the file of STORE_URL, whether or not the server runs: streams that are open get what was replayed within a
second. A start of the server replays everything by itself.
`

type Verb = (store: EventStore, id: number | undefined) => Promise<string>

const VERBS = new Map<string, Verb>([['list', list], ['show', show], ['replay', replay], ['drop', drop]])

/**
 * The command `quarantine`: `list`, `show ID`, `replay [ID]` and `drop ID`, on the store of the environment's `STORE_URL`.
 *
 * @returns what to print
 * @throws {RangeError} when an argument is wrong, or the store has no file
 * @throws {RelayError} `STORE_UNAVAILABLE` when the file cannot be used
 */
export async function quarantine (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [name = '--help', id] = args
  if (name === '--help') return HELP
  const verb = VERBS.get(name)
  if (!verb) throw new RangeError(`Cannot ${JSON.stringify(name)} the quarantine: there is no such command, expected ${[...VERBS.keys()].join(', ')}`)
  const store = await open(env)
  try {
    return await verb(store, id === undefined ? undefined : readId(id))
  } finally {
    await store.close()
  }
}

async function open (env: NodeJS.ProcessEnv): Promise<EventStore> {
  const config = readConfig(env)
  const path = config.STORE_URL.replace(/^sqlite:/, '')
  // Opening would make one.
  if (!existsSync(path)) throw new RangeError(`Cannot open the quarantine: STORE_URL is ${JSON.stringify(config.STORE_URL)} and there is no such file, expected the one of the server`)
  return openStore(config)
}

async function list (store: EventStore): Promise<string> {
  const held = await store.quarantine.list()
  return lines(held.map(({ id, at, step, bytes, reason }) => [id, new Date(at).toISOString(), step, bytes, reason]))
}

async function show (store: EventStore, id: number | undefined): Promise<string> {
  const held = id === undefined ? undefined : await store.quarantine.get(id)
  if (!held) throw notHeld('show', id)
  // In JSON these can only stand inside of a text; a terminal would obey them.
  const escaped = held.body.replace(/[\u007f-\u009f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${escaped}\n`
}

async function replay (store: EventStore, id: number | undefined): Promise<string> {
  const replayed = await replayHeld(store.quarantine, readHeld, { id })
  if (id !== undefined && replayed.length === 0) throw notHeld('replay', id)
  return lines(replayed.map(({ id, event, reason }) => [id, event ? `became ${event.id} of task ${event.taskId}` : `stays: ${reason}`]))
}

async function drop (store: EventStore, id: number | undefined): Promise<string> {
  if (id === undefined || !await store.quarantine.drop(id)) throw notHeld('drop', id)
  return lines([[id, 'dropped']])
}

function readId (text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new RangeError(`Cannot find ${JSON.stringify(text)} in the quarantine: it is no id, expected a whole number`)
  return Number(text)
}

function notHeld (verb: string, id: number | undefined): RangeError {
  return new RangeError(`Cannot ${verb} ${id ?? 'nothing'}: it is not in the quarantine, expected an id that list prints`)
}

function lines (rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('')
}
