import type { Step } from '../../schemas/callback.ts'
import type { TaskEvent } from '../event.ts'

/** Result of an append. */
export interface Appended {
  readonly event: TaskEvent
  /**
   * true: the draft repeats the task's newest event, its delivery came before, or it is the outcome that its submission
   * has; `event` is the earlier event.
   */
  readonly duplicate: boolean
  /** Set when the draft was the outcome of a submission that had none before. */
  readonly settled?: Settled
}

/** Submission that has its outcome now. */
export interface Settled {
  readonly step: Step
  /** Time of the submission, in milliseconds since 1970. */
  readonly submittedAt: number
}
