import { draft, numbers } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { CLAIM, failure, PATIENCE, phrase, stageOf, submit } from './submission-drafts.ts'

const { askAfterMs } = PATIENCE

/** Submissions over `close()` and `open()`. */
export const SUBMISSION_REOPEN_CASES: Cases = {
  async 'keeps the signing key, which another history does not have' (t, open) {
    const first = await open()
    const key = await first.submissions.signingKey()
    t.equal(Buffer.from(key, 'base64url').length, 32)
    await first.close()
    t.equal(await (await open()).submissions.signingKey(), key)
  },

  async 'keeps what is expected, its lease and its place' (t, open) {
    let time = 5000
    const first = await open({ now: () => time })
    await first.append('a', failure('failed'))
    await submit(first, 'r', 'a', { named: 'a' })
    await submit(first, 'v', 'b')
    time += askAfterMs
    await first.submissions.claim({ ...CLAIM, maxQuestions: 1 })
    const kept = await first.submissions.of('a')
    await first.close()

    const again = await open({ now: () => time })
    t.strictSame(await again.submissions.of('a'), kept)
    t.strictSame(await again.submissions.counts(), { expected: 2, overdue: 0 })
    t.equal((await again.extent('a')).expected?.submittedAt, 5000)
    time += CLAIM.windowMs
    t.strictSame((await again.submissions.claim(CLAIM)).map(({ id }) => id), ['v'])
    t.equal(await again.submissions.answer('r', { draft: failure('failed'), nextMs: 10 }), undefined)
    t.equal((await again.append('a', phrase('ready', { submission: 'r' }))).settled?.submittedAt, 5000)
  },

  async 'knows an outcome that its submission has, and the key of a request' (t, open) {
    const idempotency = { key: 'key', digest: 'body' }
    const first = await open({ dedupeWindowMs: 0 })
    await first.submissions.reserve({ id: 'r', step: 'validate', idempotency }, PATIENCE)
    await first.submissions.expect('r', 'a')
    const { event } = await first.append('a', phrase('ready'))
    await first.close()
    const again = await open({ dedupeWindowMs: 0 })
    t.strictSame(await again.append('a', phrase('ready')), { event, duplicate: true })
    t.equal((await again.submissions.reserve({ id: 'v', step: 'validate', idempotency }, PATIENCE)).result, 'repeat')
  },

  async 'keeps a pause and the calls in a window' (t, open) {
    let time = 5000
    const first = await open({ now: () => time })
    await submit(first, 'r', 'a')
    await first.submissions.pause(300)
    await first.close()
    const again = await open({ now: () => time })
    time += askAfterMs
    t.equal(await again.submissions.nextDueMs(), 300 - askAfterMs)
    time += 300 - askAfterMs
    t.strictSame(await again.submissions.claim({ ...CLAIM, maxCalls: 1, windowMs: 301 }), [])
    t.equal(await again.submissions.nextDueMs(), 1)
  }
}

/** Submissions of two stores on one history. */
export const SUBMISSION_SHARED_CASES: Cases = {
  async 'submissions.claim() gives each to one of two stores, and both keep to one limit' (t, open) {
    let time = 5000
    const stores = [await open({ now: () => time }), await open({ now: () => time })] as const
    const ids = numbers(20).map(String)
    for (const id of ids) await submit(stores[Number(id) % 2] as typeof stores[0], id, id)
    time += askAfterMs
    const options = { ...CLAIM, leaseMs: 1000, windowMs: 60, maxQuestions: 12, maxCalls: 30 }
    const claim = () => stores.map(({ submissions }) => submissions.claim(options))
    const claims = await Promise.all(numbers(5).flatMap(claim))
    t.equal(claims.flat().length, 12)
    time += 60
    const later = await Promise.all(claim())
    t.strictSame([...claims, ...later].flat().map(({ id }) => id).sort(), ids.sort())
  },

  async 'a submission is reported overdue, settled and given up by one of two stores' (t, open) {
    const [one, other] = [await open(), await open()]
    for (const id of ['a', 'b', 'c']) await submit(one, id, id)
    const overdue = await Promise.all([one, other].map(({ submissions }) => submissions.overdue('a', draft('overdue'))))
    const answers = await Promise.all([
      one.submissions.answer('b', { draft: phrase('ready'), nextMs: 10 }),
      other.append('b', phrase('ready', { submission: 'b' }))
    ])
    const gaveUp = await Promise.all([one, other].map(({ submissions }) => submissions.giveUp('c', draft('timeout'))))
    t.strictSame([overdue, gaveUp].map((all) => all.filter((told) => told !== undefined).length), [1, 1])
    t.equal(answers.filter((told) => told?.settled).length, 1)
    for (const id of ['a', 'b', 'c']) t.equal((await other.extent(id)).last, 1)
    const stages = [await stageOf(one, 'a'), await stageOf(one, 'b'), await stageOf(one, 'c')]
    t.strictSame(stages, ['overdue', 'settled', 'timed-out'])
  },

  async 'submissions.pause() holds back questions of the other store' (t, open) {
    let time = 5000
    const [one, other] = [await open({ now: () => time }), await open({ now: () => time })]
    await submit(one, 'r', 'a')
    await one.submissions.pause(300)
    time += askAfterMs
    t.strictSame(await other.submissions.claim(CLAIM), [])
    t.equal(await other.submissions.nextDueMs(), 200)
  }
}
