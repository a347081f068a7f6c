import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Step } from '../../schemas/callback.ts'
import { readAll } from '../../src/conformance/drafts.ts'
import { createQuestioner, type Asked } from '../../src/hub/questioner.ts'
import { LIMITS } from '../../src/hub/watch-over.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { Due } from '../../src/store/submissions.ts'
import { readCallback } from '../../src/suno/callback.ts'

const PATIENCE = { askAfterMs: 30_000, giveUpMs: 600_000 }
const HOUR_MS = 3_600_000

/** Outcome as the vendor reports it: a phrase, or the one failure that there is. */
type Outcome = string | null

/** Submission as the vendor and the model know it. */
interface Run {
  readonly id: string
  readonly taskId: string
  readonly step: Step
  outcome: Outcome | undefined
  isTold: boolean
  isWatched: boolean
  isTimedOut: boolean
  isOverdue: boolean
  hasProgressed: boolean
}

type Body = Readonly<Record<string, unknown>>

const body = (taskId: string, outcome: Outcome, isAnswer: boolean): Body => outcome === null
  ? { code: isAnswer ? 200 : 400, msg: isAnswer ? 'success' : 'Failed', data: { taskId, status: 'processing_validate_fail', validateInfo: '', errorCode: 500, errorMessage: 'No phrase' } }
  : { code: 200, msg: 'success', data: { taskId, status: 'wait_validating', validateInfo: outcome, errorCode: 0, errorMessage: '' } }
const inProgress = (taskId: string, status: string): Body => ({ code: 200, msg: 'success', data: { taskId, status, validateInfo: '' } })

/** A vendor that uses a task id again, a relay, and a model of what the relay has to tell. */
function createWorld () {
  let now = Date.parse('2026-01-02T03:04:05Z')
  const store = memoryStore({ now: () => now })
  const runs: Run[] = []
  const shown = new Map<string, Body>()
  let isDown = false
  let phrases = 0

  /** The outcomes that earlier runs of a task have brought. */
  const formerOf = (run: Run) => runs.slice(0, runs.indexOf(run)).filter((other) => other.taskId === run.taskId && other.isTold)
  const isFormer = (run: Run) => formerOf(run).some(({ outcome }) => outcome === run.outcome)
  const newest = (taskId: string) => runs.findLast((run) => run.taskId === taskId)
  const read = (step: Step, json: Body, more: object = {}) => readCallback(step, json, { receivedAt: new Date(now), ...more })

  async function ask (step: Step, taskId: string): Promise<Asked> {
    if (isDown) return { failure: 'busy', reason: 'too often', retryAfterMs: 1000 }
    return { draft: read(step, shown.get(taskId) as Body, { source: 'query' }).draft }
  }
  const report = { onAsked () {}, onOverdue () {}, onTimeout () {}, onAnswer () {}, onError (error: unknown) { throw error } }
  const questioner = createQuestioner({ submissions: store.submissions, ask, report, now: () => now, random: () => 0.5 })

  /** The model's view of a question for the newest run of a task. */
  function expectAnswer (run: Run): void {
    if (isDown) return
    const { data } = shown.get(run.taskId) as { data: { status: string, validateInfo: string } }
    const isOutcome = data.status.endsWith('fail') || data.validateInfo !== ''
    if (!isOutcome) run.hasProgressed = true
    else if (run.outcome !== undefined && (run.hasProgressed || !isFormer(run))) tell(run)
  }

  function tell (run: Run): void {
    run.isTold = true
    run.isWatched = false
  }

  function expectHandled (submission: Due): void {
    const run = runs.find(({ id }) => id === submission.id) as Run
    if (!run.isWatched) return
    if (submission.isPastDeadline) {
      run.isWatched = false
      run.isTimedOut = true
    } else {
      run.isOverdue = true
      expectAnswer(run)
    }
  }

  async function deliver (run: Run, submission?: string): Promise<void> {
    const { taskId, draft } = read(run.step, body(run.taskId, run.outcome as Outcome, false), { submission })
    await store.append(taskId, draft)
  }

  return {
    store,
    runs,

    async submit (taskId: string, step: Step, isQuick: boolean): Promise<void> {
      const previous = newest(taskId)
      const id = `reservation ${runs.length}`
      await store.submissions.reserve({ id, step, taskId: step === 'regenerate' ? taskId : undefined })
      if (previous) previous.isWatched = false
      const run: Run = { id, taskId, step, outcome: undefined, isTold: false, isWatched: true, isTimedOut: false, isOverdue: false, hasProgressed: false }
      runs.push(run)
      // The vendor goes on showing the former phrase, and nobody has missed it.
      if (!previous?.isTold) shown.set(taskId, inProgress(taskId, 'wait_processing'))
      if (isQuick) {
        this.finish(taskId, 'phrase')
        tell(run)
        await deliver(run, id)
      }
      await store.submissions.expect(id, taskId, PATIENCE)
    },

    progress (taskId: string, status: string): void {
      if (newest(taskId)?.outcome === undefined) shown.set(taskId, inProgress(taskId, status))
    },

    finish (taskId: string, what: 'phrase' | 'same' | 'failure'): void {
      const run = newest(taskId)
      if (!run || run.outcome !== undefined) return
      const again = formerOf(run).findLast(({ outcome }) => outcome !== null)?.outcome
      run.outcome = what === 'failure' ? null : (what === 'same' && again) || `phrase ${phrases++}`
      shown.set(taskId, body(taskId, run.outcome, true))
    },

    /** A callback, for the first time or again, whatever has been submitted since. */
    async callback (index: number, hasToken: boolean): Promise<void> {
      const run = runs[index % runs.length]
      if (run?.outcome === undefined) return
      const isNewest = run === runs.findLast(({ taskId, step }) => taskId === run.taskId && step === run.step)
      if (!hasToken && !isNewest) return
      // Without a token, an equal phrase of the same step may be the callback before it, once more.
      const isAmbiguous = !hasToken && run.outcome !== null && formerOf(run).some(({ step, outcome }) => step === run.step && outcome === run.outcome)
      if (!isAmbiguous) tell(run)
      await deliver(run, hasToken ? run.id : undefined)
    },

    async pass (ms: number, isSunoDown = false): Promise<void> {
      now += ms
      isDown = isSunoDown
      for (const submission of await store.submissions.claim(LIMITS)) {
        await questioner(submission)
        expectHandled(submission)
      }
    },

    /** A relay that dies after a claim, or after it has told that a task is overdue. */
    async crash (ms: number): Promise<void> {
      now += ms
      await store.submissions.claim(LIMITS)
    }
  }
}

type World = ReturnType<typeof createWorld>

const task = fc.constantFrom('a', 'b')
const duration = fc.constantFrom(1000, 5000, 31_000, 31_000, 61_000, 601_000, HOUR_MS)
const action = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(task, fc.constantFrom<Step>('validate', 'regenerate'), fc.boolean()).map(([taskId, step, isQuick]) => (world: World) => world.submit(taskId, step, isQuick)) },
  { weight: 2, arbitrary: fc.tuple(task, fc.constantFrom('processing_validate', 'wait_validating')).map(([taskId, status]) => (world: World) => world.progress(taskId, status)) },
  { weight: 4, arbitrary: fc.tuple(task, fc.constantFrom('phrase', 'phrase', 'same', 'failure')).map(([taskId, what]) => (world: World) => world.finish(taskId, what as 'phrase')) },
  { weight: 4, arbitrary: fc.tuple(fc.nat(9), fc.boolean()).map(([index, hasToken]) => (world: World) => world.callback(index, hasToken)) },
  { weight: 6, arbitrary: fc.tuple(duration, fc.nat(3)).map(([ms, luck]) => (world: World) => world.pass(ms, luck === 0)) },
  { weight: 1, arbitrary: duration.map((ms) => (world: World) => world.crash(ms)) }
)

const toName = (outcome: Outcome | undefined): string => outcome === null ? 'failure' : `${outcome}`

/** What was told of a task, and what the model says: each outcome as often as submissions have had it. */
async function compare ({ store, runs }: World, taskId: string): Promise<[told: object, expected: object]> {
  const events = await readAll(store, taskId)
  const own = runs.filter((run) => run.taskId === taskId)
  const count = (name: string) => events.filter(({ event }) => event === name).length
  const outcomes = events.filter(({ event }) => event.startsWith('phrase-')).map(({ data }) => toName(JSON.parse(data).validateInfo || null))
  return [
    { outcomes: outcomes.sort(), timeouts: count('task-timeout'), overdue: count('task-overdue') },
    {
      outcomes: own.filter(({ isTold }) => isTold).map(({ outcome }) => toName(outcome)).sort(),
      timeouts: own.filter(({ isTimedOut }) => isTimedOut).length,
      overdue: own.filter(({ isOverdue }) => isOverdue).length
    }
  ]
}

t.test('each submission has its outcome told exactly once, whatever comes in which order', async t => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40, size: 'max' }), async (actions) => {
    const world = createWorld()
    for (const run of actions) await run(world)
    for (const taskId of ['a', 'b']) {
      const [told, expected] = await compare(world, taskId)
      deepEqual(told, expected)
    }
  }), { numRuns: 500 })
})
