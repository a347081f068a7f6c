import t, { type Test } from 'tap'
import { LIMITS, watchOver } from '../../src/hub/watch-over.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { Due } from '../../src/store/submissions.ts'
import { fakeTimeouts } from '../support/timers.ts'

const PATIENCE = { askAfterMs: 30_000, giveUpMs: 600_000 }
const START = Date.parse('2026-01-02T03:04:05Z')

/** Returns a store with a manual clock, timers that the test fires, and a loop that records the ids it asks about. */
function setUp (t: Test) {
  const timers = fakeTimeouts(t)
  const clock = { now: START }
  const { submissions } = memoryStore({ now: () => clock.now })
  const asked: string[] = []
  const errors: unknown[] = []
  let nextMs: number | undefined
  let held: Promise<void> | undefined
  let failure: Error | undefined
  const questioner = async (submission: Due) => {
    asked.push(submission.id)
    await held
    if (failure) throw failure
    return nextMs
  }
  const report = { onError: (error: unknown) => { errors.push(error) } }
  const loop = watchOver({ submissions, questioner, report, now: () => clock.now })

  return {
    loop,
    submissions,
    asked,
    errors,
    timers,
    expect: (id: string) => submissions.watch({ id, taskId: id, step: 'validate' }, PATIENCE),
    answerWith (ms: number | undefined) { nextMs = ms },
    fail (error: Error) { failure = error },
    hold () {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    /** Lets time pass up to the next timer, and waits until what it starts has come to rest. */
    async pass (ms: number): Promise<void> {
      clock.now += ms
      timers.fire()
      await rest()
    }
  }
}

/** Resolves when promises that are settled already have had their effect. */
async function rest (): Promise<void> {
  await new Promise((resolve) => { setImmediate(resolve) })
}

t.test('watchOver() looks at the store from time to time while it knows of nothing', async t => {
  const { loop, timers, pass } = setUp(t)
  t.same(timers.delays, [0])
  await pass(0)
  t.same(timers.delays, [10_000])
  await loop.stop()
  t.same(timers.delays, [])
})

t.test('watchOver() asks when something is due, whether it was told of it or not', async t => {
  const { loop, timers, pass, expect, asked } = setUp(t)
  await pass(0)
  await expect('a')
  loop.dueIn(PATIENCE.askAfterMs)
  await pass(10_000)
  t.same(timers.delays, [10_000])
  await pass(20_000)
  t.same(asked, ['a'])
  await loop.stop()
})

t.test('watchOver() wakes for what is due sooner than its next look', async t => {
  const { loop, timers, pass } = setUp(t)
  await pass(0)
  loop.dueIn(3000)
  loop.dueIn(20_000)
  t.same(timers.delays, [3000])
  await loop.stop()
})

t.test('watchOver() comes back when a question says that it is due again', async t => {
  const { loop, timers, pass, expect, answerWith, hold } = setUp(t)
  const release = hold()
  answerWith(1234)
  await expect('a')
  await pass(PATIENCE.askAfterMs)
  await pass(0)
  t.same(timers.delays, [10_000])
  release()
  await rest()
  t.same(timers.delays, [1234])
  await loop.stop()
})

t.test('watchOver() asks several at the same time, each once', async t => {
  const { loop, pass, expect, asked, hold } = setUp(t)
  const release = hold()
  await expect('a')
  await expect('b')
  await pass(PATIENCE.askAfterMs)
  await pass(0)
  t.same(asked, ['a', 'b'])
  release()
  await loop.stop()
})

t.test('watchOver() waits when the limit is reached', async t => {
  const { loop, timers, pass, expect, asked } = setUp(t)
  for (let n = 0; n < 11; n++) await expect(`task ${n}`)
  await pass(PATIENCE.askAfterMs)
  await pass(0)
  await pass(0)
  t.equal(asked.length, 10)
  t.ok(timers.delays.every((ms) => ms > 0))
  await pass(10_000)
  await pass(0)
  t.equal(asked.length, 11)
  await loop.stop()
})

t.test('watchOver() reports a question that fails, and goes on', async t => {
  const { loop, timers, pass, expect, asked, fail, errors } = setUp(t)
  fail(new Error('failed'))
  await expect('a')
  await pass(PATIENCE.askAfterMs)
  t.match(errors, [{ message: 'failed' }])
  await pass(LIMITS.leaseMs)
  t.same(asked, ['a', 'a'])
  t.equal(timers.delays.length, 1)
  await loop.stop()
})

t.test('watchOver() reports a store that fails, and asks it again', async t => {
  const timers = fakeTimeouts(t)
  const { submissions } = memoryStore()
  let isFailing = true
  const errors: unknown[] = []
  const unreliable = {
    ...submissions,
    nextDueMs: async () => isFailing ? Promise.reject(new Error('failed')) : submissions.nextDueMs()
  }
  const report = { onError: (error: unknown) => { errors.push(error) } }
  const loop = watchOver({ submissions: unreliable, questioner: t.fail as never, report })
  timers.fire()
  await rest()
  t.match(errors, [{ message: 'failed' }])
  isFailing = false
  timers.fire()
  await rest()
  t.equal(errors.length, 1)
  t.equal(timers.delays.length, 1)
  await loop.stop()
})

t.test('stop() waits for what is under way, claims nothing more, and is safe to call twice', async t => {
  const { loop, timers, pass, expect, asked, hold } = setUp(t)
  const release = hold()
  await expect('a')
  await pass(PATIENCE.askAfterMs)
  t.same(asked, ['a'])
  let isStopped = false
  const stopped = Promise.all([loop.stop(), loop.stop()]).then(() => { isStopped = true })
  await rest()
  t.notOk(isStopped)
  release()
  await stopped
  loop.dueIn(0)
  t.same(timers.delays, [])
})

t.test('stop() leaves to others what it claims at this moment', async t => {
  const { loop, pass, expect, asked, submissions } = setUp(t)
  await expect('a')
  const passing = pass(PATIENCE.askAfterMs)
  const stopped = loop.stop()
  await passing
  await stopped
  t.same(asked, [])
  t.equal(await submissions.nextDueMs(), LIMITS.leaseMs)
})

t.test('watchOver() of two processes on one store asks once', async t => {
  const { loop, submissions, pass, expect, asked } = setUp(t)
  const questioner = async ({ id }: Due) => { asked.push(id); return undefined }
  const other = watchOver({ submissions, questioner, report: { onError: () => t.fail() } })
  await expect('a')
  await pass(PATIENCE.askAfterMs)
  await pass(0)
  t.same(asked, ['a'])
  await Promise.all([loop.stop(), other.stop()])
})
