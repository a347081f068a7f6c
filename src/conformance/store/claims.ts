import { numbers } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { CLAIM, PATIENCE, phrase, submit } from './submission-drafts.ts'

const { askAfterMs, giveUpMs } = PATIENCE
const { leaseMs } = CLAIM

/** Claims of submissions that are due. */
export const CLAIM_CASES: Cases = {
  async 'submissions.claim() gives what is due to one of concurrent callers, until its lease ends' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time += askAfterMs - 1
    t.strictSame(await store.submissions.claim(CLAIM), [])
    t.equal(await store.submissions.nextDueMs(), 1)
    time += 1
    t.equal(await store.submissions.nextDueMs(), 0)
    const claims = await Promise.all(numbers(10).map(() => store.submissions.claim(CLAIM)))
    const due = {
      id: 'r',
      step: 'validate',
      taskId: 'a',
      place: `${store.epoch}.0`,
      stage: 'expected',
      submittedAt: 5000,
      asked: 1,
      isPastDeadline: false
    }
    t.strictSame(claims.flat(), [due])
    t.equal(await store.submissions.nextDueMs(), leaseMs)
    time += leaseMs
    t.strictSame(await store.submissions.claim(CLAIM), [{ ...due, asked: 2 }])
  },

  async 'submissions.claim() gives the longest due first, and none that is settled' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const id of ['one', 'two', 'three']) {
      await submit(store, id, id)
      time += 1
    }
    await store.append('two', phrase('ready'))
    time += askAfterMs
    t.strictSame((await store.submissions.claim(CLAIM)).map(({ id }) => id), ['one', 'three'])
  },

  async 'submissions.claim() gives no more questions in a window than allowed' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const options = { ...CLAIM, maxQuestions: 2, maxCalls: 100, windowMs: 1000, leaseMs: 5000 }
    for (const n of numbers(5)) await submit(store, `${n}`, `${n}`)
    time += askAfterMs
    t.equal((await store.submissions.claim(options)).length, 2)
    time += 999 - askAfterMs
    t.strictSame(await store.submissions.claim(options), [])
    t.equal(await store.submissions.nextDueMs(), 1)
    time += 1
    const past = await store.submissions.claim({ ...options, windowMs: 900 })
    t.strictSame(past.map(({ isPastDeadline }) => isPastDeadline), [true, true, true])
  },

  async 'submissions.claim() gives as many questions as submissions leave' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const options = { ...CLAIM, maxQuestions: 3, maxCalls: 4, windowMs: 500 }
    for (const n of numbers(4)) await submit(store, `${n}`, `${n}`)
    time += askAfterMs
    t.strictSame(await store.submissions.claim(options), [])
    t.equal(await store.submissions.nextDueMs(), 500 - askAfterMs)
    time += 500 - askAfterMs
    t.equal((await store.submissions.claim(options)).length, 3)
  },

  async 'submissions.claim() leaves questions to others where none is allowed' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time += askAfterMs
    t.strictSame(await store.submissions.claim({ ...CLAIM, maxQuestions: 0, windowMs: 70 }), [])
    t.equal(await store.submissions.nextDueMs(), 0)
    t.strictSame((await store.submissions.claim(CLAIM)).map(({ id }) => id), ['r'])
  },

  async 'submissions.pause() holds back questions, and not the end of those past their deadline' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time += askAfterMs
    await store.submissions.pause(300)
    await store.submissions.pause(100)
    t.strictSame(await store.submissions.claim(CLAIM), [])
    t.equal(await store.submissions.nextDueMs(), 300)
    time += 300
    t.equal((await store.submissions.claim(CLAIM)).length, 1)
    await store.submissions.pause(2 * giveUpMs)
    t.equal(await store.submissions.nextDueMs(), giveUpMs - askAfterMs - 300)
    time = 5000 + giveUpMs
    const past = await store.submissions.claim(CLAIM)
    t.strictSame(past.map(({ isPastDeadline, asked }) => [isPastDeadline, asked]), [[true, 1]])
    t.strictSame(await store.submissions.claim(CLAIM), [])
  },

  async 'submissions.claim() gives a submission past its deadline without a limit' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    for (const n of numbers(3)) await submit(store, `${n}`, `${n}`)
    time += giveUpMs
    const claimed = await store.submissions.claim({ ...CLAIM, maxQuestions: 0 })
    t.strictSame(claimed.map(({ isPastDeadline }) => isPastDeadline), [true, true, true])
  }
}
