import type { ListedTask, TaskPage, TaskPageOptions } from '../task-list.ts'
import type { Expected } from '../submissions.ts'
import type { MemoryHistory, MemoryTask } from './history.ts'

/** Reads a page of the list of tasks of a memory store. Looks at every task. */
export function readTasks (
  { tasks, submissions }: MemoryHistory,
  expected: (taskId: string) => Expected | undefined,
  { before, limit }: TaskPageOptions
): TaskPage {
  const watched = [...submissions.watched].map(({ taskId }) => taskId)
  const listed = [...new Set([...tasks.keys(), ...watched])].flatMap((taskId) => {
    const task = describe(taskId, tasks.get(taskId), expected(taskId))
    return task && (before === undefined || isBefore(task, before)) ? [task] : []
  })
  const page = listed.sort((a, b) => b.at - a.at || (a.taskId < b.taskId ? -1 : 1)).slice(0, limit)
  return { tasks: page, next: listed.length > limit ? placeOf(page.at(-1) as ListedTask) : undefined }
}

function describe (
  taskId: string, task: MemoryTask | undefined, expected: Expected | undefined
): ListedTask | undefined {
  const newest = task?.events.at(-1)
  if (!newest && !expected) return undefined
  const at = Math.max(newest && task ? task.at : 0, expected?.submittedAt ?? 0)
  return { taskId, at, newest, ...(expected && { expected }) }
}

function placeOf ({ at, taskId }: ListedTask): string {
  return `${at}/${taskId}`
}

function isBefore ({ at, taskId }: ListedTask, place: string): boolean {
  const [time = '', other = ''] = place.split('/')
  return at < Number(time) || (at === Number(time) && taskId > other)
}
