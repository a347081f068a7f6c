import { parseArgs } from 'node:util'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { TaskGroupSchema, type TaskGroup, type TaskListAnswer, type Timeline } from '../../schemas/admin.ts'
import { TaskIdSchema } from '../../schemas/callback.ts'
import { columns, formatAge } from './columns.ts'
import { SOURCE_HELP, SOURCE_OPTIONS, withSource, type Source } from './source.ts'

const TASKS_HELP = `Lists tasks, most recent activity first.

Usage: npx phrase-relay tasks [--waiting | --overdue | --failed | --ready] [--limit 50] [options]

${SOURCE_HELP}`

const TASK_HELP = `Prints the submissions and events of a task.

Usage: npx phrase-relay task TASK [options]

${SOURCE_HELP}`

const MAX_LIMIT = 100_000
// The most that one request may ask for.
const PAGE = 500
const GROUPS: readonly TaskGroup[] = TaskGroupSchema.anyOf.map((group) => group.const)
const taskIds = TypeCompiler.Compile(TaskIdSchema)

const TASKS_OPTIONS = {
  ...SOURCE_OPTIONS,
  limit: { type: 'string', default: '50' },
  waiting: { type: 'boolean' },
  overdue: { type: 'boolean' },
  failed: { type: 'boolean' },
  ready: { type: 'boolean' }
} as const

type Tasks = TaskListAnswer['tasks']

/**
 * The command `tasks`: the tasks of a running relay or of a store, of one group of states or all.
 *
 * @returns the text to print
 * @throws {RangeError} when an option is wrong, or there is no relay or store
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be used
 */
export async function tasks (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { values } = parseArgs({ args, options: TASKS_OPTIONS })
  const { help, json, limit, url, store } = values
  if (help) return TASKS_HELP
  const [group, ...others] = GROUPS.filter((name) => values[name])
  if (others.length > 0) {
    throw new RangeError(`Cannot list ${[group, ...others].join(' and ')} tasks, expected one of them`)
  }
  const count = readLimit(limit)
  const found = await withSource({ url, store }, env, (source) => readTasks(source, group, count))
  return json ? `${JSON.stringify(found)}\n` : describeTasks(found)
}

function readLimit (text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new RangeError(`Cannot list tasks: --limit is ${JSON.stringify(text)}, expected 1 to ${MAX_LIMIT}`)
}

/** Reads parts of the list until they have enough tasks. */
async function readTasks (source: Source, group: TaskGroup | undefined, count: number): Promise<Tasks> {
  const found: Tasks = []
  let before: string | undefined
  do {
    const { tasks, next } = await source.tasks({ group, before, limit: Math.min(PAGE, count - found.length) })
    found.push(...tasks)
    before = next ?? undefined
  } while (before !== undefined && found.length < count)
  return found.slice(0, count)
}

function describeTasks (tasks: Tasks): string {
  return columns([['TASK', 'STATE', 'STEP', 'AGE'], ...tasks.map(({ taskId, state, step, submittedAt, updatedAt }) => {
    return [taskId, state, step ?? '-', formatAge(submittedAt ?? updatedAt)]
  })])
}

/**
 * The command `task`: what has happened to a task, from a running relay or a store.
 *
 * @returns the text to print
 * @throws {RangeError} when an argument is wrong, or there is no relay, store or task
 * @throws {RelayError} `TASK_UNKNOWN`, `TASK_EXPIRED`; `STORE_UNAVAILABLE` when the store cannot be used
 */
export async function task (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { values, positionals } = parseArgs({ args, options: SOURCE_OPTIONS, allowPositionals: true })
  const { help, json, ...choice } = values
  const [taskId, ...rest] = positionals
  if (help || taskId === undefined) return TASK_HELP
  if (rest.length > 0 || !taskIds.Check(taskId)) {
    throw new RangeError(`Cannot show ${JSON.stringify(positionals.join(' '))}, expected one task id`)
  }
  const found = await withSource(choice, env, (source) => readTask(source, taskId))
  return json ? `${JSON.stringify(found)}\n` : describeTask(found)
}

/** Reads a task with all its events. */
async function readTask (source: Source, taskId: string): Promise<Timeline> {
  const first = await source.task(taskId)
  const events = [...first.events]
  for (let more = events; more.length > 0 && events.at(-1)?.id !== first.lastEventId;) {
    more = (await source.task(taskId, events.at(-1)?.id)).events
    events.push(...more)
  }
  return { ...first, events }
}

function describeTask ({ taskId, state, submissions, events }: Timeline): string {
  const submitted = submissions.map(({ submittedAt, step, stage, asked }) => [submittedAt, step, stage, asked])
  const happened = events.map(({ id, event, data: { receivedAt, step, status, errorMessage, msg } }) => {
    return [receivedAt, event, step, status ?? '-', id, errorMessage || msg || '']
  })
  return [
    columns([['task', taskId], ['state', state]]),
    submitted.length > 0 ? columns([['SUBMITTED', 'STEP', 'STAGE', 'ASKED'], ...submitted]) : '',
    happened.length > 0 ? columns([['RECEIVED', 'EVENT', 'STEP', 'STATUS', 'ID', 'MESSAGE'], ...happened]) : ''
  ].filter(Boolean).join('\n')
}
