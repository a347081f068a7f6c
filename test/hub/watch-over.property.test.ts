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

/** Outcome of a run: a phrase, or null for the failure. */
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

const SUCCESS = { code: 200, msg: 'success' }
const FAILURE = { status: 'processing_validate_fail', validateInfo: '', errorCode: 500, errorMessage: 'No phrase' }
const READY = { status: 'wait_validating', errorCode: 0, errorMessage: '' }
const body = (taskId: string, outcome: Outcome, isAnswer: boolean): Body => outcome === null
  ? { ...(isAnswer ? SUCCESS : { code: 400, msg: 'Failed' }), data: { taskId, ...FAILURE } }
  : { ...SUCCESS, data: { taskId, ...READY, validateInfo: outcome } }
const inProgress = (taskId: string, status: string): Body => {
  return { ...SUCCESS, data: { taskId, status, validateInfo: '' } }
}

/** Returns a vendor that uses a task id again, a relay, and a model of the events that the relay must send. */
function createWorld () {
  let now = Date.parse('2026-01-02T03:04:05Z')
  const store = memoryStore({ now: () => now })
  const runs: Run[] = []
  const shown = new Map<string, Body>()
  let isDown = false
  let phrases = 0

  /** Returns the earlier runs of the task whose outcomes were sent. */
  const formerOf = (run: Run) => {
    return runs.slice(0, runs.indexOf(run)).filter((other) => other.taskId === run.taskId && other.isTold)
  }
  const isFormer = (run: Run) => formerOf(run).some(({ outcome }) => outcome === run.outcome)
  const newest = (taskId: string) => runs.findLast((run) => run.taskId === taskId)
  const read = (step: Step, json: Body, more: object = {}) => {
    return readCallback(step, json, { receivedAt: new Date(now), ...more })
  }

  async function ask (step: Step, taskId: string): Promise<Asked> {
    if (isDown) return { failure: 'busy', reason: 'too often', retryAfterMs: 1000 }
    return { draft: read(step, shown.get(taskId) as Body, { source: 'query' }).draft }
  }
  const onError = (error: unknown) => { throw error }
  const report = { onAsked () {}, onOverdue () {}, onTimeout () {}, onAnswer () {}, onError }
  const { submissions } = store
  const questioner = createQuestioner({ submissions, ask, report, now: () => now, random: () => 0.5 })

  /** Updates the model for a question about the newest run of a task. */
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
      const flags = { isTold: false, isWatched: true, isTimedOut: false, isOverdue: false, hasProgressed: false }
      const run: Run = { id, taskId, step, outcome: undefined, ...flags }
      runs.push(run)
      // The vendor goes on showing the former phrase, which the relay has already sent.
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

    /** Delivers the callback of a run, also again and after later submissions. */
    async callback (index: number, hasToken: boolean): Promise<void> {
      const run = runs[index % runs.length]
      if (run?.outcome === undefined) return
      const isNewest = run === runs.findLast(({ taskId, step }) => taskId === run.taskId && step === run.step)
      if (!hasToken && !isNewest) return
      // Without a token, an equal phrase of the same step may be a resend of the earlier callback.
      const isAmbiguous = !hasToken && run.outcome !== null &&
        formerOf(run).some(({ step, outcome }) => step === run.step && outcome === run.outcome)
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

    /** Crashes the relay after a claim. */
    async crash (ms: number): Promise<void> {
      now += ms
      await store.submissions.claim(LIMITS)
    }
  }
}

type World = ReturnType<typeof createWorld>

const task = fc.constantFrom('a', 'b')
const duration = fc.constantFrom(1000, 5000, 31_000, 31_000, 61_000, 601_000, HOUR_MS)
const submission = fc.tuple(task, fc.constantFrom<Step>('validate', 'regenerate'), fc.boolean())
const status = fc.tuple(task, fc.constantFrom('processing_validate', 'wait_validating'))
const result = fc.tuple(task, fc.constantFrom<'phrase' | 'same' | 'failure'>('phrase', 'phrase', 'same', 'failure'))
const callback = fc.tuple(fc.nat(9), fc.boolean())
const passing = fc.tuple(duration, fc.nat(3))
const action = fc.oneof(
  { weight: 3, arbitrary: submission.map((args) => (world: World) => world.submit(...args)) },
  { weight: 2, arbitrary: status.map((args) => (world: World) => world.progress(...args)) },
  { weight: 4, arbitrary: result.map((args) => (world: World) => world.finish(...args)) },
  { weight: 4, arbitrary: callback.map((args) => (world: World) => world.callback(...args)) },
  { weight: 6, arbitrary: passing.map(([ms, luck]) => (world: World) => world.pass(ms, luck === 0)) },
  { weight: 1, arbitrary: duration.map((ms) => (world: World) => world.crash(ms)) }
)

const toName = (outcome: Outcome | undefined): string => outcome === null ? 'failure' : `${outcome}`

/** Returns the sent and the expected events of a task: each outcome once for every submission that had it. */
async function compare ({ store, runs }: World, taskId: string): Promise<[told: object, expected: object]> {
  const events = await readAll(store, taskId)
  const own = runs.filter((run) => run.taskId === taskId)
  const count = (name: string) => events.filter(({ event }) => event === name).length
  const outcomes = events.filter(({ event }) => event.startsWith('phrase-'))
    .map(({ data }) => toName(JSON.parse(data).validateInfo || null))
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
