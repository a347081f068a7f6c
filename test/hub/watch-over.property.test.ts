import { deepEqual, equal } from 'node:assert/strict'
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
// Suno has reset the record of a failed task by then.
const RESET_MS = 60_000

/** Outcome of a run: a phrase, or null for the failure. */
type Outcome = string | null

/** Submission as the vendor and the model know it. */
interface Run {
  readonly id: string
  readonly taskId: string
  readonly step: Step
  readonly submittedAt: number
  outcome: Outcome | undefined
  /** Outcomes that the relay has told: its own, and one that Suno showed for a later submission. */
  readonly told: Set<Outcome>
  /** Whether the relay knows the task. */
  isBound: boolean
  isWatched: boolean
  isTimedOut: boolean
  isOverdue: boolean
  hasProgressed: boolean
}

/** How the answer to a submission comes: in time, after a callback, or not at all. */
type Course = 'answered' | 'quick callback' | 'lost'

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
  const store = memoryStore({ now: () => now, dedupeWindowMs: 0 })
  const runs: Run[] = []
  const shown = new Map<string, Body>()
  let isDown = false
  let phrases = 0

  /** Returns the earlier runs of the task that told an outcome. */
  const formerOf = (run: Run, outcome: Outcome) => {
    return runs.slice(0, runs.indexOf(run)).filter(({ taskId, told }) => taskId === run.taskId && told.has(outcome))
  }
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

  /** Updates the model for a question about a task. The answer is about its newest run. */
  function expectAnswer (run: Run): void {
    if (isDown) return
    const { data } = shown.get(run.taskId) as { data: { status: string, validateInfo: string } }
    const isFailure = data.status.endsWith('fail')
    if (!isFailure && data.validateInfo === '') {
      run.hasProgressed = true
      return
    }
    const outcome = isFailure ? null : data.validateInfo
    const mayBeFormer = !run.hasProgressed && !(isFailure && now - run.submittedAt >= RESET_MS)
    if (!mayBeFormer || formerOf(run, outcome).length === 0) tell(run, outcome)
  }

  function tell (run: Run, outcome = run.outcome as Outcome): void {
    run.told.add(outcome)
    run.isWatched = false
  }

  /** Updates the model for an answer or a callback that names the task of a run. */
  function bind (run: Run): void {
    if (run.isBound) return
    run.isBound = true
    const others = runs.filter(({ taskId, isBound }) => taskId === run.taskId && isBound)
    for (const other of others.slice(0, others.indexOf(run))) other.isWatched = false
    run.isWatched = others.at(-1) === run
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

  async function deliver (run: Run, json: Body, submission?: string): Promise<void> {
    const { taskId, draft } = read(run.step, json, { submission })
    await store.append(taskId, draft)
  }

  async function answer (run: Run): Promise<void> {
    bind(run)
    await store.submissions.expect(run.id, run.taskId)
  }

  /** Lets the vendor forget the failure of before the newest run. */
  function reset (taskId: string): void {
    const run = newest(taskId)
    const isFailure = JSON.stringify(shown.get(taskId))?.includes('_fail')
    if (run?.outcome !== undefined || !isFailure || now - (run?.submittedAt ?? now) < RESET_MS) return
    shown.set(taskId, inProgress(taskId, 'wait_processing'))
  }

  return {
    store,
    runs,

    async submit (taskId: string, step: Step, course: Course): Promise<void> {
      const id = `reservation ${runs.length}`
      await store.submissions.reserve({ id, step, taskId: step === 'regenerate' ? taskId : undefined }, PATIENCE)
      const previous = newest(taskId)
      const flags = { isBound: false, isWatched: false, isTimedOut: false, isOverdue: false, hasProgressed: false }
      const run: Run = { id, taskId, step, submittedAt: now, outcome: undefined, told: new Set(), ...flags }
      runs.push(run)
      // The vendor goes on showing the former phrase, which the relay has already sent.
      if (!previous || previous.outcome === undefined || !previous.told.has(previous.outcome)) {
        shown.set(taskId, inProgress(taskId, 'wait_processing'))
      }
      if (course === 'quick callback') {
        this.finish(taskId, 'phrase')
        await this.callback(runs.length - 1, true)
      }
      if (course !== 'lost') await answer(run)
    },

    /** Lets an answer come late, or again. */
    async answer (index: number): Promise<void> {
      const run = runs[index % runs.length]
      if (run) await answer(run)
    },

    progress (taskId: string, status: string): void {
      if (newest(taskId)?.outcome === undefined) shown.set(taskId, inProgress(taskId, status))
    },

    /** Delivers progress of a run, also late. */
    async progressCallback (index: number): Promise<void> {
      const run = runs[index % runs.length]
      if (!run) return
      bind(run)
      if (run.told.size === 0) run.hasProgressed = true
      await deliver(run, inProgress(run.taskId, 'processing_validate'), run.id)
    },

    finish (taskId: string, what: 'phrase' | 'same' | 'failure'): void {
      const run = newest(taskId)
      if (!run || run.outcome !== undefined) return
      const former = runs.filter((other) => other !== run && other.taskId === taskId)
      const again = former.flatMap(({ told }) => [...told]).findLast((outcome) => outcome !== null)
      run.outcome = what === 'failure' ? null : (what === 'same' && again) || `phrase ${phrases++}`
      shown.set(taskId, body(taskId, run.outcome, true))
    },

    /** Delivers the callback of a run, also again and after later submissions. */
    async callback (index: number, hasToken: boolean): Promise<void> {
      const run = runs[index % runs.length]
      if (run?.outcome === undefined) return
      const { outcome, step, taskId, id } = run
      const isNewest = run === runs.findLast((other) => other.taskId === taskId && other.step === step)
      if (!hasToken && !(isNewest && run.isBound)) return
      bind(run)
      // Without a token, an equal phrase of the same step may be a resend of the earlier callback.
      const isAmbiguous = !hasToken && outcome !== null && formerOf(run, outcome).some((other) => other.step === step)
      if (!isAmbiguous) tell(run)
      await deliver(run, body(taskId, outcome, false), hasToken ? id : undefined)
    },

    async pass (ms: number, isSunoDown = false): Promise<void> {
      now += ms
      isDown = isSunoDown
      for (const taskId of shown.keys()) reset(taskId)
      for (const submission of await store.submissions.claim(LIMITS)) {
        await questioner(submission)
        expectHandled(submission)
      }
    },

    /** Crashes the relay after a claim. */
    async crash (ms: number): Promise<void> {
      now += ms
      for (const taskId of shown.keys()) reset(taskId)
      await store.submissions.claim(LIMITS)
    }
  }
}

type World = ReturnType<typeof createWorld>

const task = fc.constantFrom('a', 'b')
const duration = fc.constantFrom(1000, 5000, 31_000, 31_000, 61_000, 601_000, HOUR_MS)
const course = fc.constantFrom<Course>('answered', 'quick callback', 'lost')
const submission = fc.tuple(task, fc.constantFrom<Step>('validate', 'regenerate'), course)
const status = fc.tuple(task, fc.constantFrom('processing_validate', 'wait_validating'))
const result = fc.tuple(task, fc.constantFrom<'phrase' | 'same' | 'failure'>('phrase', 'phrase', 'same', 'failure'))
const callback = fc.tuple(fc.nat(9), fc.boolean())
const passing = fc.tuple(duration, fc.nat(3))
const action = fc.oneof(
  { weight: 3, arbitrary: submission.map((args) => (world: World) => world.submit(...args)) },
  { weight: 2, arbitrary: status.map((args) => (world: World) => world.progress(...args)) },
  { weight: 4, arbitrary: result.map((args) => (world: World) => world.finish(...args)) },
  { weight: 4, arbitrary: callback.map((args) => (world: World) => world.callback(...args)) },
  { weight: 2, arbitrary: fc.nat(9).map((index) => (world: World) => world.progressCallback(index)) },
  { weight: 1, arbitrary: fc.nat(9).map((index) => (world: World) => world.answer(index)) },
  { weight: 6, arbitrary: passing.map(([ms, luck]) => (world: World) => world.pass(ms, luck === 0)) },
  { weight: 1, arbitrary: duration.map((ms) => (world: World) => world.crash(ms)) }
)

const toName = (outcome: Outcome): string => outcome === null ? 'failure' : `${outcome}`

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
      outcomes: own.flatMap(({ told }) => [...told]).map(toName).sort(),
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
    const watched = world.runs.filter(({ isWatched }) => isWatched).length
    equal((await world.store.submissions.counts()).expected, watched)
  }), { numRuns: 500 })
})
