import { draft, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { failure, PATIENCE, phrase, progress, stageOf, submit, textsOf } from './submission-drafts.ts'

const REFUSED = { code: 'CALLBACK_UNAUTHENTIC' }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Reservations and the watch over tasks. */
export const SUBMISSION_CASES: Cases = {
  async 'submissions.reserve() keeps a submission that has no task yet' (t, open) {
    const { submissions } = await open({ now: () => 5000 })
    const unnamed = { taskId: null, place: null, stage: 'reserved' }
    const submission = { id: 'r', step: 'validate', ...unnamed, submittedAt: 5000, asked: 0 }
    t.strictSame(await submissions.reserve({ id: 'r', step: 'validate' }), { result: 'reserved', submission })
    t.strictSame(await submissions.counts(), { expected: 0, overdue: 0 })
    t.equal(await submissions.nextDueMs(), undefined)
  },

  async 'submissions.reserve() knows a repeat of a request and a conflict for a day' (t, open) {
    let time = 5000
    const { submissions } = await open({ now: () => time })
    const idempotency = { key: 'key', digest: 'body' }
    await submissions.reserve({ id: 'one', step: 'validate', idempotency })
    await submissions.expect('one', 'a', PATIENCE)
    time += DAY_MS - 1
    const [submission] = await submissions.of('a')
    const repeat = await submissions.reserve({ id: 'two', step: 'validate', idempotency })
    t.strictSame(repeat, { result: 'repeat', submission })
    const other = { key: 'key', digest: 'other body' }
    t.strictSame(await submissions.reserve({ id: 'two', step: 'validate', idempotency: other }), { result: 'conflict' })
    time += 1
    t.equal((await submissions.reserve({ id: 'two', step: 'validate', idempotency: other })).result, 'reserved')
    t.equal((await submissions.reserve({ id: 'three', step: 'validate', idempotency: other })).result, 'repeat')
    t.equal((await submissions.reserve({ id: 'four', step: 'validate' })).result, 'reserved')
  },

  async 'submissions.reserve() gives a key to exactly one of concurrent requests' (t, open) {
    const { submissions } = await open()
    const idempotency = { key: 'key', digest: 'body' }
    const ids = ['one', 'two', 'three', 'four']
    const reserved = await Promise.all(ids.map((id) => submissions.reserve({ id, step: 'validate', idempotency })))
    t.strictSame(reserved.map(({ result }) => result).sort(), ['repeat', 'repeat', 'repeat', 'reserved'])
  },

  async 'submissions.cancel() forgets a reservation, and frees its key' (t, open) {
    const { submissions } = await open()
    const idempotency = { key: 'key', digest: 'body' }
    await submissions.reserve({ id: 'one', step: 'validate', idempotency })
    await submissions.cancel('one')
    await submissions.cancel('one')
    t.equal(await submissions.expect('one', 'a', PATIENCE), undefined)
    t.equal((await submissions.reserve({ id: 'two', step: 'validate', idempotency })).result, 'reserved')
  },

  async 'submissions.cancel() leaves a submission that has a task' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.submissions.cancel('r')
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'submissions.expect() watches over a task, and is idempotent' (t, open) {
    const store = await open({ now: () => 5000 })
    await store.append('a', draft('before'))
    await store.submissions.reserve({ id: 'r', step: 'validate', taskId: 'a' })
    const expected = await store.submissions.expect('r', 'a', PATIENCE)
    const { id: place } = (await readAll(store, 'a'))[0] ?? {}
    const bound = { taskId: 'a', place, stage: 'expected' }
    t.strictSame(expected, { id: 'r', step: 'validate', ...bound, submittedAt: 5000, asked: 0 })
    t.strictSame(await store.submissions.expect('r', 'a', PATIENCE), expected)
    t.strictSame(await store.submissions.of('a'), [expected])
    t.strictSame(await store.submissions.counts(), { expected: 1, overdue: 0 })
    t.equal(await store.submissions.nextDueMs(), PATIENCE.askAfterMs)
  },

  async 'submissions.expect() knows no other task and no other reservation' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    t.equal(await store.submissions.expect('r', 'b', PATIENCE), undefined)
    t.equal(await store.submissions.expect('unknown', 'a', PATIENCE), undefined)
    t.strictSame(await store.submissions.of('b'), [])
  },

  async 'submissions.expect() takes the place at the time of the reservation' (t, open) {
    let time = 5000
    const store = await open({ now: () => time++ })
    for (const text of ['one', 'two']) await store.append('answered', draft(text))
    await store.submissions.reserve({ id: 'r', step: 'regenerate', taskId: 'named' })
    await store.append('answered', draft('three'))
    const expected = await store.submissions.expect('r', 'answered', PATIENCE)
    t.equal(expected?.place, (await readAll(store, 'answered'))[1]?.id)
  },

  async 'submissions.expect() is settled by an outcome that came before, without a token' (t, open) {
    let time = 5000
    const store = await open({ now: () => time++ })
    await store.submissions.reserve({ id: 'r', step: 'validate' })
    await store.append('a', phrase('other step', { step: 'regenerate' }))
    await store.append('a', phrase('quick'))
    t.equal((await store.submissions.expect('r', 'a', PATIENCE))?.stage, 'settled')
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
    await store.submissions.reserve({ id: 'one', step: 'validate', taskId: 'a' })
    await submit(store, 'two', 'a', { named: 'a' })
    t.equal((await store.submissions.expect('one', 'a', PATIENCE))?.stage, 'superseded')
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'submissions.watch() watches over a task that was submitted elsewhere, once' (t, open) {
    const store = await open({ now: () => 5000 })
    await store.append('a', progress('wait_processing'))
    const { submission, created } = await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame([submission.stage, submission.submittedAt, created], ['expected', 5000, true])
    t.equal(submission.place, (await readAll(store, 'a'))[0]?.id)
    const again = await store.submissions.watch({ id: 'again', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame(again, { submission, created: false })
    t.equal((await store.submissions.watch({ id: 'v', taskId: 'a', step: 'generate' }, PATIENCE)).created, true)
    t.equal(await store.submissions.nextDueMs(), PATIENCE.askAfterMs)
  },

  async 'submissions.watch() is settled by an outcome that is the newest event, and starts before it' (t, open) {
    const store = await open()
    const { event } = await store.append('a', progress('wait_processing'))
    await store.append('a', phrase('quick'))
    const { submission } = await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame([submission.stage, submission.place], ['settled', event.id])
    const other = await store.submissions.watch({ id: 'v', taskId: 'a', step: 'regenerate' }, PATIENCE)
    t.equal(other.submission.stage, 'expected')
  },

  async 'submissions.watch() goes on with a reservation that a callback has named the task of' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' })
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    const { submission, created } = await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame([submission.id, submission.stage, created], ['r', 'expected', false])
  },

  async 'extent() reports the submission that is expected' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    const { epochs, ...before } = await store.extent('a')
    const expected = { step: 'validate', submittedAt: 5000, isOverdue: false }
    t.strictSame(before, { first: 1, last: 0, newest: undefined, expected })
    const { event: newest } = await store.submissions.overdue('r', draft('overdue')) ?? {}
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
    await store.submissions.reserve({ id: 'unbound', step: 'validate' })
    time += 2 * DAY_MS
    await submit(store, 'young', 'c')
    await store.append('c', phrase('ready'))
    t.equal(await store.trim(HOUR_MS, () => false), 1)
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal(await store.submissions.expect('unbound', 'd', PATIENCE), undefined)
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

  async 'the submissions reject after close()' (t, open) {
    const { submissions, close } = await open()
    const CLOSED = { code: 'STORE_UNAVAILABLE' }
    await close()
    await t.rejects(submissions.signingKey(), CLOSED)
    await t.rejects(submissions.reserve({ id: 'r', step: 'validate' }), CLOSED)
    await t.rejects(submissions.expect('r', 'a', PATIENCE), CLOSED)
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

/** Outcomes by callback. */
export const SETTLE_CASES: Cases = {
  async 'append() settles a submission with its outcome, once' (t, open) {
    const store = await open({ now: () => 5000 })
    await submit(store, 'r', 'a')
    const { event, duplicate, settled } = await store.append('a', phrase('ready'))
    t.strictSame([duplicate, settled], [false, { step: 'validate', submittedAt: 5000 }])
    t.equal(await stageOf(store, 'a'), 'settled')
    t.strictSame(await store.submissions.counts(), { expected: 0, overdue: 0 })
    t.equal(await store.submissions.nextDueMs(), undefined)
    t.strictSame(await store.append('a', phrase('ready')), { event, duplicate: true })
  },

  async 'append() settles nothing by progress, by another step or another task' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.append('a', progress('wait_processing'))
    await store.append('a', phrase('ready', { step: 'regenerate' }))
    await store.append('b', phrase('ready'))
    await store.append('a', draft('about nothing'))
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'append() keeps the same outcome once, however late it comes again' (t, open) {
    let time = 5000
    const store = await open({ now: () => time, dedupeWindowMs: 10 })
    await submit(store, 'r', 'a')
    const { event } = await store.append('a', phrase('ready'))
    await store.append('a', draft('something else'))
    time += 12 * HOUR_MS
    t.strictSame(await store.append('a', phrase('ready', { submission: 'r' })), { event, duplicate: true })
    t.strictSame(await store.append('a', phrase('ready')), { event, duplicate: true })
  },

  async 'append() keeps another outcome of a settled submission' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.append('a', phrase('one'))
    const { event, duplicate, settled } = await store.append('a', phrase('two'))
    t.strictSame([duplicate, settled], [false, undefined])
    t.strictSame(await store.append('a', phrase('two')), { event, duplicate: true })
  },

  async 'append() binds a reservation to the task of a callback that is quicker than the answer' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' })
    t.equal((await store.append('a', phrase('quick', { submission: 'r' }))).settled?.step, 'validate')
    const [submission] = await store.submissions.of('a')
    t.strictSame([submission?.stage, submission?.place], ['settled', `${store.epoch}.0`])
    t.strictSame(await store.submissions.expect('r', 'a', PATIENCE), submission)
    t.equal(await store.submissions.expect('r', 'b', PATIENCE), undefined)
  },

  async 'append() binds a reservation by progress, and waits for expect()' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' })
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    t.equal(await store.submissions.nextDueMs(), undefined)
    await t.rejects(store.append('b', phrase('ready', { submission: 'r' })), REFUSED)
    t.equal((await store.submissions.expect('r', 'a', PATIENCE))?.stage, 'expected')
  },

  async 'append() rejects a callback under a token of another task or step, and keeps nothing of it' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    const delivery = { key: 'key', onConflict: 'reject', expiresAt: Date.now() + DAY_MS } as const
    await t.rejects(store.append('b', { ...phrase('ready', { submission: 'r' }), delivery }), REFUSED)
    await t.rejects(store.append('a', phrase('ready', { submission: 'r', step: 'generate' })), REFUSED)
    t.equal((await store.extent('a')).last + (await store.extent('b')).last, 0)
    t.equal((await store.append('b', { ...draft('other body'), delivery })).duplicate, false)
  },

  async 'append() refuses a callback under an unknown reservation' (t, open) {
    const store = await open()
    await t.rejects(store.append('a', phrase('ready', { submission: 'unknown' })), REFUSED)
    await submit(store, 'r', 'a')
    await t.rejects(store.append('a', phrase('ready', { submission: 'unknown' })), REFUSED)
    t.equal((await store.extent('a')).last, 0)
  },

  async 'watch() supersedes an older submission of the same kind' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.submissions.watch({ id: 'w', taskId: 'a', step: 'regenerate' }, { askAfterMs: 1, giveUpMs: 1000 })
    const stages = (await store.submissions.of('a')).map(({ id, stage }) => [id, stage])
    t.strictSame(stages, [['w', 'expected'], ['r', 'superseded']])
  },

  async 'erase() ends the watch over the submissions of the task' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    await store.erase('a', [])
    time += 100_000
    const limits = { leaseMs: 1, maxQuestions: 10, maxCalls: 20, windowMs: 10_000 }
    t.strictSame(await store.submissions.claim(limits), [])
    t.equal((await store.submissions.counts()).expected, 0)
    t.equal((await store.extent('a')).expected, undefined)
  },

  async 'append() keeps an outcome again that was kept before the submission, under its token' (t, open) {
    const store = await open()
    await store.append('a', phrase('same words'))
    await submit(store, 'r', 'a', { named: 'a' })
    const { duplicate, settled } = await store.append('a', phrase('same words', { submission: 'r' }))
    t.strictSame([duplicate, settled?.step], [false, 'validate'])
  },

  async 'append() takes a former phrase without a token for a late resend, and a failure for a new one' (t, open) {
    let time = 5000
    const store = await open({ now: () => time, dedupeWindowMs: 10 })
    const { event } = await store.append('a', phrase('former'))
    await store.append('a', failure('failed'))
    time += HOUR_MS
    await submit(store, 'r', 'a', { named: 'a' })
    t.strictSame(await store.append('a', phrase('former')), { event, duplicate: true })
    t.equal(await stageOf(store, 'a'), 'expected')
    const failed = await store.append('a', failure('failed'))
    t.strictSame([failed.duplicate, failed.settled?.step], [false, 'validate'])
    t.strictSame(await store.append('a', failure('failed')), { event: failed.event, duplicate: true })
  },

  async 'append() takes an equal failure within the window for a retry of the one before the submission' (t, open) {
    let time = 5000
    const store = await open({ now: () => time, dedupeWindowMs: 1000 })
    const { event } = await store.append('a', failure('failed'))
    await submit(store, 'r', 'a', { named: 'a' })
    time += 999
    t.strictSame(await store.append('a', failure('failed')), { event, duplicate: true })
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal((await store.append('a', failure('failed', { submission: 'r' }))).settled?.step, 'validate')
  },

  async 'append() settles a superseded submission under its token, and not the newer one' (t, open) {
    const store = await open()
    await submit(store, 'one', 'a')
    await submit(store, 'two', 'a', { named: 'a' })
    await store.append('a', draft('in between'))
    const late = await store.append('a', phrase('of one', { submission: 'one' }))
    t.equal(late.duplicate, false)
    t.strictSame((await store.submissions.of('a')).map(({ stage }) => stage), ['expected', 'settled'])
    t.equal((await store.append('a', phrase('of one', { submission: 'one' }))).event.seq, late.event.seq)
    t.strictSame(await store.append('a', phrase('of one')), { event: late.event, duplicate: true })
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal((await store.append('a', phrase('of one', { submission: 'two' }))).settled?.step, 'validate')
    t.strictSame(await textsOf(store, 'a'), ['in between', 'of one', 'of one'])
  },

  async 'quarantine.release() settles a submission' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest: 'ready' })
    t.equal((await store.quarantine.release(1, 'a', phrase('ready')))?.settled?.step, 'validate')
    t.equal(await stageOf(store, 'a'), 'settled')
  }
}
