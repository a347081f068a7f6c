import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Status, TaskListAnswer, Timeline } from '../../schemas/admin.ts'
import type { Config } from '../../schemas/config.ts'
import { ProblemSchema } from '../../schemas/problem.ts'
import { answerStore, answerTasks, answerTimeline, type TaskListQuestion } from '../admin/answers.ts'
import { readConfig } from '../config.ts'
import { createHub } from '../hub/hub.ts'
import { openServersHistory } from '../storage.ts'
import { VERSION } from '../version.ts'

const TIMEOUT_MS = 10_000
const problems = TypeCompiler.Compile(ProblemSchema)

/** Help on the options that choose a source. */
export const SOURCE_HELP = `  --url URL   address of the relay, with its prefix; default: by HOST and PORT
  --store     read the store of STORE_URL itself, also when no relay runs
  --json      print JSON

Environment: ADMIN_TOKEN, HOST, PORT, or with --store STORE_URL; the server's.
`

/** Options that choose a source, for `parseArgs`. */
export const SOURCE_OPTIONS = {
  url: { type: 'string' },
  store: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' }
} as const

/** Status of a relay, or of a store alone. */
export type SourceStatus = Status | Pick<Status, 'version' | 'nodes' | 'store'>

/** A running relay, or a store. */
export interface Source {
  status (): Promise<SourceStatus>
  tasks (question: TaskListQuestion): Promise<TaskListAnswer>
  task (taskId: string, after?: string): Promise<Timeline>
}

/** Calls `work` with the source that the options choose, and closes it. */
export async function withSource<T> (
  { url, store }: { readonly url?: string | undefined, readonly store?: boolean | undefined },
  env: NodeJS.ProcessEnv,
  work: (source: Source) => Promise<T>
): Promise<T> {
  const config = readConfig(env)
  if (!store) return work(relaySource(url ?? addressOf(config), config.ADMIN_TOKEN))
  if (url !== undefined) throw new RangeError('Cannot read --url and --store, expected one of them')
  const hub = createHub(await openServersHistory(config))
  try {
    return await work({
      status: async () => ({ version: VERSION, nodes: await hub.nodes() ?? null, store: await answerStore(hub) }),
      tasks: (question) => answerTasks(hub, question),
      task: (taskId, after) => answerTimeline(hub, taskId, after)
    })
  } finally {
    await hub.close()
  }
}

/** Returns the address at which this machine reaches a server. */
function addressOf ({ HOST, PORT }: Config): string {
  const host = ['0.0.0.0', '::'].includes(HOST) ? 'localhost' : HOST
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`
}

function relaySource (url: string, token: string): Source {
  const base = url.replace(/\/+$/, '')

  async function get (path: string, query: Record<string, string | number | undefined> = {}): Promise<any> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
    const headers = token ? { authorization: `Bearer ${token}` } : {}
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`${base}/admin/api/${path}?${search}`, { headers, signal }).catch((cause) => {
      throw unreachable(base, cause.cause ?? cause)
    })
    const body = await response.json().catch((cause) => { throw unreachable(base, cause) })
    if (response.ok) return body
    throw problems.Check(body) ? new RangeError(body.detail) : unreachable(base, new Error(`status ${response.status}`))
  }

  return {
    status: () => get('status'),
    tasks: (question) => get('tasks', { ...question }),
    task: (taskId, after) => get(`tasks/${taskId}`, { after })
  }
}

function unreachable (base: string, { message }: Error): RangeError {
  return new RangeError(`Cannot ask the relay at ${base}: ${message}, expected the address of a relay, or --store`)
}
