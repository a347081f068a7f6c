import type { Held } from '../event.ts'

const NAMES_A_TASK = /^task_?id$/i

/**
 * Whether a callback in quarantine names a task: its signature covers the id, or a field called `taskId` or `task_id`
 * has it, at any depth and as text or number, since the body could not be read.
 */
export function namesTask ({ body, signedTaskId }: Pick<Held, 'body' | 'signedTaskId'>, taskId: string): boolean {
  if (signedTaskId === taskId) return true
  let isNamed = false
  try {
    JSON.parse(body, (key, value: unknown) => {
      isNamed ||= NAMES_A_TASK.test(key) && String(value) === taskId
      return value
    })
  } catch {
    // It is nested too deep to be walked.
    isNamed = body.includes(JSON.stringify(taskId))
  }
  return isNamed
}
