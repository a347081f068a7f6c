import { TypeCompiler } from '@sinclair/typebox/compiler'
import { TaskIdSchema } from '../../schemas/callback.ts'
import { readConfig } from '../config.ts'
import { eraseTask } from '../hub/erase.ts'
import { openServersHistory } from '../storage.ts'
import { namesTask } from '../suno/names-task.ts'

const HELP = `Erases a task: its events, its submissions, and callbacks in quarantine about it.

Usage: npx phrase-relay erase TASK

Works on the store of STORE_URL, also while the server runs: open streams of the task end within a second. The data is
overwritten in the file of SQLite; copies of the file still have it, and so has the append-only file of Redis until its
next rewrite. A later callback for the task is stored again.

Environment: STORE_URL, the server's.
`

const taskIds = TypeCompiler.Compile(TaskIdSchema)

/**
 * The command `erase`: erases a task from the store of `STORE_URL`.
 *
 * @returns the text to print
 * @throws {RangeError} when the task id is missing or wrong, or the store has no file
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be used
 */
export async function erase (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [taskId = '--help', ...rest] = args
  if (taskId === '--help') return HELP
  if (rest.length > 0 || !taskIds.Check(taskId)) {
    throw new RangeError(`Cannot erase ${JSON.stringify(args.join(' '))}, expected one task id`)
  }
  const { store } = await openServersHistory(readConfig(env))
  try {
    const { events, callbacks } = await eraseTask(store, taskId, (held) => namesTask(held, taskId))
    return `${taskId}\t${events} events\t${callbacks} callbacks in quarantine\n`
  } finally {
    await store.close()
  }
}
