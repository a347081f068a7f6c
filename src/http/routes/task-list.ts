import { TypeCompiler } from '@sinclair/typebox/compiler'
import { TaskIdSchema } from '../../../schemas/callback.ts'
import { RelayError } from '../../errors.ts'

const MAX_TASKS = 50
const taskId = TypeCompiler.Compile(TaskIdSchema)

/** Task that a query names. */
export interface ListedTask {
  readonly taskId: string
  /** Event id after which the client wants its events; undefined for none. */
  readonly cursor: string | undefined
}

/**
 * Reads the tasks of a query: `<task id>`, or `<task id>@<event id>`.
 *
 * @throws {RelayError} `REQUEST_INVALID` if there is none or there are more than 50, or if one is malformed or repeated
 */
export function readTaskList (task: string | readonly string[] = []): ListedTask[] {
  const tasks = [task].flat().map(readTask)
  if (tasks.length === 0) throw invalid(`it names no task, expected ?task=<task id>, 1 to ${MAX_TASKS} times`)
  if (tasks.length > MAX_TASKS) throw invalid(`it names ${tasks.length} tasks, expected at most ${MAX_TASKS}`)
  const seen = new Set<string>()
  for (const [index, { taskId: id }] of tasks.entries()) {
    if (!taskId.Check(id)) {
      throw invalid(`task ${index + 1} is malformed, expected 1 to 128 characters of A-Z a-z 0-9 . _ : -`)
    }
    if (seen.has(id)) throw invalid(`it names the task ${id} twice`)
    seen.add(id)
  }
  return tasks
}

function readTask (text: string): ListedTask {
  const at = text.indexOf('@')
  return at < 0 ? { taskId: text, cursor: undefined } : { taskId: text.slice(0, at), cursor: text.slice(at + 1) }
}

function invalid (fact: string): RelayError {
  return new RelayError('REQUEST_INVALID', `Cannot open a stream: ${fact}`)
}
