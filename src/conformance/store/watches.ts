import type { TaskEvent } from '../../event.ts'
import type { Appended } from '../../store/store.ts'
import type { Begun } from '../../store/submissions.ts'
import { draft, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { PATIENCE, phrase, progress, stageOf, submit, textsOf } from './submission-drafts.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Beginning and end of the watch over tasks. */
export const WATCH_CASES: Cases = {
  async 'submissions.expect() watches over a task, and is idempotent' (t, open) {
    const store = await open({ now: () => 5000 })
    await store.append('a', draft('before'))
    await store.submissions.reserve({ id: 'r', step: 'validate', taskId: 'a' }, PATIENCE)
    const expected = await store.submissions.expect('r', 'a')
    const { id: place } = (await readAll(store, 'a'))[0] as TaskEvent
    const bound = { taskId: 'a', place, stage: 'expected' }
    t.strictSame(expected, { id: 'r', step: 'validate', ...bound, submittedAt: 5000, asked: 0 })
    t.strictSame(await store.submissions.expect('r', 'a'), expected)
    t.strictSame(await store.submissions.of('a'), [expected])
    t.strictSame(await store.submissions.counts(), { expected: 1, overdue: 0 })
    t.equal(await store.submissions.nextDueMs(), PATIENCE.askAfterMs)
  },

  async 'submissions.expect() knows no other task and no other reservation' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    t.equal(await store.submissions.expect('r', 'b'), undefined)
    t.equal(await store.submissions.expect('unknown', 'a'), undefined)
    t.strictSame(await store.submissions.of('b'), [])
  },

  async 'submissions.expect() takes the place at the time of the reservation' (t, open) {
    let time = 5000
    const store = await open({ now: () => time++ })
    for (const text of ['one', 'two']) await store.append('answered', draft(text))
    await store.submissions.reserve({ id: 'r', step: 'regenerate', taskId: 'named' }, PATIENCE)
    await store.append('answered', draft('three'))
    const expected = await store.submissions.expect('r', 'answered')
    t.equal(expected?.place, (await readAll(store, 'answered'))[1]?.id)
  },

  async 'submissions.expect() is settled by an outcome that came before, without a token' (t, open) {
    let time = 5000
    const store = await open({ now: () => time++ })
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    await store.append('a', phrase('other step', { step: 'generate' }))
    await store.append('a', phrase('quick'))
    const { stage, settled } = await store.submissions.expect('r', 'a') as Begun
    t.strictSame([stage, settled?.step], ['settled', 'validate'])
    t.equal((await store.submissions.expect('r', 'a'))?.settled, undefined)
    t.equal(await store.submissions.nextDueMs(), undefined)
    t.equal((await store.append('a', phrase('quick', { submission: 'r' }))).duplicate, true)
  },

  async 'submissions.expect() supersedes an older submission of the task and step' (t, open) {
    const store = await open()
    await submit(store, 'one', 'a')
    await submit(store, 'other step', 'a', { step: 'generate' })
    await submit(store, 'two', 'a', { named: 'a' })
    const stages = (await store.submissions.of('a')).map(({ id, stage }) => [id, stage])
    t.strictSame(stages, [['two', 'expected'], ['other step', 'expected'], ['one', 'superseded']])
  },

  async 'submissions.expect() of a regenerate supersedes a validate: Suno shows one phrase for both' (t, open) {
    const store = await open()
    await submit(store, 'one', 'a')
    await submit(store, 'two', 'a', { step: 'regenerate', named: 'a' })
    t.equal(await store.submissions.answer('one', { draft: phrase('new'), nextMs: 10 }), undefined)
    const told = await store.submissions.answer('two', { draft: phrase('new', { step: 'regenerate' }), nextMs: 10 })
    t.equal(told?.settled?.step, 'regenerate')
    t.strictSame(await textsOf(store, 'a'), ['new'])
    const late = await store.append('a', phrase('old', { submission: 'one' }))
    t.equal(late.settled?.step, 'validate')
  },

  async 'submissions.expect() of an older reservation does not take the place of a newer one' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'one', step: 'validate', taskId: 'a' }, PATIENCE)
    await submit(store, 'two', 'a', { named: 'a' })
    t.equal((await store.submissions.expect('one', 'a'))?.stage, 'superseded')
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'extent() reports the submission that is expected' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    const { epochs, ...before } = await store.extent('a')
    const expected = { step: 'validate', submittedAt: 5000, isOverdue: false }
    t.strictSame(before, { first: 1, last: 0, newest: undefined, expected })
    const { event: newest } = await store.submissions.overdue('r', draft('overdue')) as Appended
    const overdue = { first: 1, last: 1, newest, epochs, expected: { ...expected, isOverdue: true } }
    t.strictSame(await store.extent('a'), overdue)
    time += 1
    await submit(store, 'v', 'a', { step: 'generate' })
    t.strictSame((await store.extent('a')).expected, { step: 'generate', submittedAt: 5001, isOverdue: false })
    await store.append('a', phrase('ready', { step: 'generate' }))
    t.equal((await store.extent('a')).expected?.step, 'validate')
    await store.append('a', phrase('ready'))
    t.equal((await store.extent('a')).expected, undefined)
  },

  async 'trim() forgets no task that is expected, and a submission no sooner than its task' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', draft('before'))
    await store.append('b', draft('before'))
    await submit(store, 'r', 'a', { named: 'a' })
    await store.submissions.reserve({ id: 'unbound', step: 'validate' }, PATIENCE)
    time += 2 * DAY_MS
    await submit(store, 'young', 'c')
    await store.append('c', phrase('ready'))
    t.equal(await store.trim(HOUR_MS, () => false), 1)
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal(await store.submissions.expect('unbound', 'd'), undefined)
    await store.append('a', phrase('ready'))
    await store.trim(HOUR_MS, () => false)
    t.equal(await stageOf(store, 'a'), 'settled')
    time += HOUR_MS
    t.equal(await store.trim(HOUR_MS, () => false), 2)
    t.strictSame(await store.submissions.of('a'), [])
    t.equal(await stageOf(store, 'c'), 'settled')
    time += DAY_MS
    await store.trim(HOUR_MS, () => false)
    t.strictSame(await store.submissions.of('c'), [])
  },

  async 'trim() forgets a reservation without a task after a day, or later at its deadline' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.submissions.reserve({ id: 'r', step: 'validate' }, { askAfterMs: 1, giveUpMs: 2 * DAY_MS })
    time += 2 * DAY_MS - 1
    await store.trim(HOUR_MS, () => false)
    t.equal((await store.append('a', progress('wait_processing', { submission: 'r' }))).duplicate, false)
    await store.submissions.reserve({ id: 'v', step: 'validate' }, PATIENCE)
    time += DAY_MS
    await store.trim(HOUR_MS, () => false)
    t.equal(await store.submissions.expect('v', 'b'), undefined)
  },

  async 'the submissions reject after close()' (t, open) {
    const { submissions, close } = await open()
    const CLOSED = { code: 'STORE_UNAVAILABLE' }
    await close()
    await t.rejects(submissions.signingKey(), CLOSED)
    await t.rejects(submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE), CLOSED)
    await t.rejects(submissions.expect('r', 'a'), CLOSED)
    await t.rejects(submissions.cancel('r'), CLOSED)
    await t.rejects(submissions.watch({ id: 'r', taskId: 'a', step: 'validate' }, PATIENCE), CLOSED)
    await t.rejects(submissions.claim({ leaseMs: 1, maxCalls: 1, maxQuestions: 1, windowMs: 1 }), CLOSED)
    await t.rejects(submissions.nextDueMs(), CLOSED)
    await t.rejects(submissions.pause(1), CLOSED)
    await t.rejects(submissions.overdue('r', draft('overdue')), CLOSED)
    await t.rejects(submissions.answer('r', { nextMs: 1 }), CLOSED)
    await t.rejects(submissions.giveUp('r', draft('timeout')), CLOSED)
    await t.rejects(submissions.of('a'), CLOSED)
    await t.rejects(submissions.counts(), CLOSED)
  }
}
