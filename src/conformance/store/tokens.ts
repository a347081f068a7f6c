import { draft } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { CLAIM, failure, PATIENCE, phrase, progress, stageOf, submit, textsOf } from './submission-drafts.ts'

const REFUSED = { code: 'CALLBACK_UNAUTHENTIC' }
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Callbacks under the token of a reservation. */
export const TOKEN_CASES: Cases = {
  async 'append() binds a reservation to the task of a callback that is quicker than the answer' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    t.equal((await store.append('a', phrase('quick', { submission: 'r' }))).settled?.step, 'validate')
    const [submission] = await store.submissions.of('a')
    t.strictSame([submission?.stage, submission?.place], ['settled', `${store.epoch}.0`])
    t.strictSame(await store.submissions.expect('r', 'a'), submission)
    t.equal(await store.submissions.expect('r', 'b'), undefined)
  },

  async 'append() binds a reservation by progress, and begins the watch over it' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'older', 'a')
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    time += 1
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    t.equal(await store.submissions.nextDueMs(), PATIENCE.askAfterMs - 1)
    t.strictSame((await store.submissions.of('a')).map(({ stage }) => stage), ['expected', 'superseded'])
    await t.rejects(store.append('b', phrase('ready', { submission: 'r' })), REFUSED)
    time += PATIENCE.askAfterMs
    t.strictSame((await store.submissions.claim(CLAIM)).map(({ id }) => id), ['r'])
    await store.submissions.overdue('r', draft('overdue'))
    const [before] = await store.submissions.of('a')
    t.strictSame(await store.submissions.expect('r', 'a'), before)
    t.equal(await store.submissions.nextDueMs(), CLAIM.leaseMs)
    time += PATIENCE.giveUpMs
    t.strictSame((await store.submissions.claim(CLAIM)).map(({ isPastDeadline }) => isPastDeadline), [true])
  },

  async 'append() that binds an older reservation leaves the watch over a newer one' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'older', step: 'validate' }, PATIENCE)
    await submit(store, 'newer', 'a')
    await store.append('a', progress('wait_processing', { submission: 'older' }))
    t.strictSame((await store.submissions.of('a')).map(({ stage }) => stage), ['expected', 'superseded'])
    t.equal((await store.append('a', phrase('late', { submission: 'older' }))).settled?.step, 'validate')
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'append() of progress under a token is settled by an outcome that came before without one' (t, open) {
    let time = 5000
    const store = await open({ now: () => time++ })
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    const { event } = await store.append('a', phrase('ready'))
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    t.equal(await stageOf(store, 'a'), 'settled')
    t.strictSame(await store.append('a', phrase('ready', { submission: 'r' })), { event, duplicate: true })
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
  }
}
