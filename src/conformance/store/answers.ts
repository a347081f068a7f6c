import type { Appended } from '../../store/store.ts'
import { draft, numbers, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { CLAIM, failure, PATIENCE, phrase, progress, stageOf, submit, textsOf } from './submission-drafts.ts'

const { askAfterMs, giveUpMs } = PATIENCE

/** Answers to questions, and the end of the watch. */
export const ANSWER_CASES: Cases = {
  async 'submissions.overdue() appends its event, once' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    const [first, second] = await Promise.all([
      store.submissions.overdue('r', draft('overdue')),
      store.submissions.overdue('r', draft('overdue'))
    ])
    t.strictSame([first?.duplicate, second], [false, undefined])
    t.strictSame(await textsOf(store, 'a'), ['overdue'])
    t.strictSame(await store.submissions.counts(), { expected: 1, overdue: 1 })
    await store.append('a', phrase('ready'))
    t.equal(await stageOf(store, 'a'), 'settled')
    t.equal(await store.submissions.overdue('unknown', draft('overdue')), undefined)
  },

  async 'submissions.answer() appends an outcome and settles by it' (t, open) {
    const store = await open({ now: () => 5000 })
    await submit(store, 'r', 'a')
    const answered = await store.submissions.answer('r', { draft: phrase('ready'), nextMs: 10 })
    const { event, duplicate, settled } = answered as Appended
    t.strictSame([event.seq, event.taskId, duplicate], [1, 'a', false])
    t.strictSame(settled, { step: 'validate', submittedAt: 5000 })
    t.strictSame(await readAll(store, 'a'), [event])
    t.equal(await stageOf(store, 'a'), 'settled')
    t.equal(await store.submissions.answer('r', { draft: phrase('another'), nextMs: 10 }), undefined)
    t.equal(await store.submissions.answer('unknown', { draft: phrase('ready'), nextMs: 10 }), undefined)
  },

  async 'callback and answer that say the same are one event, in either order and hours apart' (t, open) {
    let time = 5000
    const store = await open({ now: () => time, dedupeWindowMs: 10 })
    const callback = { ...phrase('ready', { submission: 'r' }), digest: 'of the callback' }
    await submit(store, 'r', 'a')
    const answered = await store.submissions.answer('r', { draft: phrase('ready'), nextMs: 10 })
    await store.append('a', draft('in between'))
    time += 5 * 3_600_000
    t.strictSame(await store.append('a', callback), { event: answered?.event, duplicate: true })
    await submit(store, 'other', 'b')
    await store.append('b', { ...callback, about: { step: 'validate', meaning: 'ready', submission: 'other' } })
    time += 5 * 3_600_000
    t.equal(await store.submissions.answer('other', { draft: phrase('ready'), nextMs: 10 }), undefined)
    t.equal((await store.extent('b')).last, 1)
  },

  async 'submissions.answer() takes no former phrase for an outcome before Suno has reported progress' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.append('a', phrase('former'))
    await submit(store, 'r', 'a', { named: 'a' })
    time += askAfterMs
    t.equal(await store.submissions.answer('r', { draft: phrase('former'), nextMs: 70 }), undefined)
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal(await store.submissions.nextDueMs(), 70)
    await store.submissions.answer('r', { draft: progress('processing_validate'), nextMs: 70 })
    t.equal((await store.submissions.answer('r', { draft: phrase('former'), nextMs: 70 }))?.settled?.step, 'validate')
    t.equal((await store.extent('a')).last, 3)
  },

  async 'submissions.answer() takes a failure that repeats after a minute, and no former phrase' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const patience = { askAfterMs: 0, giveUpMs: 600_000 }
    for (const id of ['a', 'b']) {
      await store.append(id, id === 'a' ? failure('the same') : phrase('the same'))
      await store.submissions.reserve({ id, step: 'regenerate', taskId: id }, patience)
      await store.submissions.expect(id, id)
    }
    const failed = { draft: failure('the same', { step: 'regenerate' }), nextMs: 10 }
    const former = { draft: phrase('the same', { step: 'regenerate' }), nextMs: 10 }
    time += 59_999
    t.equal(await store.submissions.answer('a', failed), undefined)
    time += 1
    t.equal((await store.submissions.answer('a', failed))?.settled?.step, 'regenerate')
    time += 539_999
    t.equal(await store.submissions.answer('b', former), undefined)
    t.strictSame([await stageOf(store, 'a'), await stageOf(store, 'b')], ['settled', 'expected'])
    t.strictSame(await textsOf(store, 'a'), ['the same', 'the same'])
  },

  async 'submissions.answer() takes no former phrase of another step for an outcome' (t, open) {
    const store = await open()
    await store.append('a', phrase('of the validate'))
    await submit(store, 'r', 'a', { step: 'regenerate', named: 'a' })
    const answer = phrase('of the validate', { step: 'regenerate' })
    t.equal(await store.submissions.answer('r', { draft: answer, nextMs: 10 }), undefined)
    t.equal((await store.append('a', { ...answer, digest: 'of a callback' })).settled?.step, 'regenerate')
    await submit(store, 'late', 'b', { step: 'regenerate', named: 'b' })
    await store.append('b', phrase('of the validate'))
    t.equal(await store.submissions.answer('late', { draft: answer, nextMs: 10 }), undefined)
  },

  async 'submissions.answer() takes neither a former failure nor a phrase of a superseded submission' (t, open) {
    const store = await open()
    await store.append('a', failure('failed'))
    await submit(store, 'one', 'a', { named: 'a' })
    await submit(store, 'two', 'a', { named: 'a' })
    await store.append('a', phrase('of one', { submission: 'one' }))
    t.equal(await store.submissions.answer('two', { draft: failure('failed'), nextMs: 10 }), undefined)
    t.equal(await store.submissions.answer('two', { draft: phrase('of one'), nextMs: 10 }), undefined)
    t.equal(await store.submissions.answer('one', { draft: phrase('another'), nextMs: 10 }), undefined)
    t.equal(await stageOf(store, 'a'), 'expected')
    t.equal((await store.submissions.answer('two', { draft: phrase('of two'), nextMs: 10 }))?.settled?.step, 'validate')
  },

  async 'submissions.answer() appends progress when it has changed' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    const told: unknown[] = []
    for (const status of ['wait_processing', 'wait_processing', 'wait_validating', 'wait_validating']) {
      const answer = { draft: progress(status), progress: status, nextMs: 10 }
      told.push((await store.submissions.answer('r', answer))?.event.seq)
    }
    t.strictSame(told, [1, undefined, 2, undefined])
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    t.equal(await store.submissions.answer('r', { draft: progress('wait_processing'), nextMs: 10 }), undefined)
    t.equal(await stageOf(store, 'a'), 'expected')
  },

  async 'submissions.answer() that says nothing sets when it is due again, and no later than the deadline' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await submit(store, 'r', 'a')
    time += askAfterMs
    await store.submissions.claim(CLAIM)
    t.equal(await store.submissions.answer('r', { nextMs: 200 }), undefined)
    t.equal(await store.submissions.nextDueMs(), 200)
    t.equal(await store.submissions.answer('r', { progress: 'wait_processing', nextMs: 10 * giveUpMs }), undefined)
    t.equal(await store.submissions.nextDueMs(), giveUpMs - askAfterMs)
    t.equal((await store.extent('a')).last, 0)
  },

  async 'submissions.answer() that has lost the phrase undoes nothing' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.append('a', phrase('ready'))
    t.equal(await store.submissions.answer('r', { draft: progress('wait_validating'), nextMs: 10 }), undefined)
    t.equal(await store.submissions.answer('r', { nextMs: 10 }), undefined)
    t.equal(await store.submissions.nextDueMs(), undefined)
    t.equal((await store.extent('a')).last, 1)
  },

  async 'submissions.giveUp() appends its event, once, and ends the watch' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    const gaveUp = await Promise.all(numbers(3).map(() => store.submissions.giveUp('r', draft('timeout'))))
    t.strictSame(gaveUp.map((one) => one?.duplicate), [false, undefined, undefined])
    t.equal(await stageOf(store, 'a'), 'timed-out')
    t.equal(await store.submissions.nextDueMs(), undefined)
    t.strictSame(await store.submissions.claim(CLAIM), [])
    t.equal(await store.submissions.answer('r', { draft: progress('wait_processing'), nextMs: 10 }), undefined)
    t.strictSame(await textsOf(store, 'a'), ['timeout'])
  },

  async 'an outcome after the end settles the submission all the same, by callback and by answer' (t, open) {
    const store = await open()
    for (const id of ['a', 'b']) {
      await submit(store, id, id)
      await store.submissions.giveUp(id, draft('timeout'))
    }
    t.equal((await store.append('a', phrase('late'))).settled?.step, 'validate')
    t.equal((await store.submissions.answer('b', { draft: phrase('late'), nextMs: 10 }))?.settled?.step, 'validate')
    t.strictSame([await stageOf(store, 'a'), await stageOf(store, 'b')], ['settled', 'settled'])
    t.equal(await store.submissions.giveUp('a', draft('timeout')), undefined)
    t.strictSame(await textsOf(store, 'b'), ['timeout', 'late'])
  }
}
