import type { Courier } from './courier.ts'
import type { Course, Moment, View } from './course.ts'
import type { Fate } from './fate.ts'
import type { Schedule } from './options.ts'

const MAX_TASKS = 100_000

/** State of a task at this time. */
export interface Task {
  view: View
  /** Whether generate accepts the phrase. */
  usable: boolean
  /** The language of a phrase. */
  readonly language: string
  /** Ends the course. */
  stop (): void
}

/** The tasks of one kind, by id; the oldest is forgotten beyond 100,000. */
export interface Tasks {
  get (taskId: string): Task | undefined
  /** Starts a course. Another one of the same task ends. */
  start (course: Course, submission: Submission): void
}

/** The part of a submission that its course needs. */
export interface Submission {
  readonly fate: Fate
  readonly callbackUrl: string | undefined
  readonly language: string
}

/** Creates tasks whose states change over time and whose callbacks a courier sends. */
export function createTasks (courier: Courier, later: Schedule): Tasks {
  const tasks = new Map<string, Task>()

  function start ([first, ...rest]: Course, { fate, callbackUrl, language }: Submission): void {
    const { taskId } = first.view
    const cancels = rest.map((moment) => later(() => { reach(moment) }, moment.afterMs))
    const stop = (): void => { for (const cancel of cancels) cancel() }
    const task: Task = { view: first.view, usable: false, language, stop }

    function reach ({ view, usable = false, callback }: Moment): void {
      task.view = view
      task.usable = usable
      if (callback && callbackUrl) courier.send(callbackUrl, { ...callback, data: view }, fate)
    }

    tasks.get(taskId)?.stop()
    tasks.delete(taskId)
    tasks.set(taskId, task)
    if (tasks.size > MAX_TASKS) tasks.delete(tasks.keys().next().value as string)
  }

  return { get: (taskId) => tasks.get(taskId), start }
}
