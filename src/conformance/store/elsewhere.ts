import { draft, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { PATIENCE, phrase, progress, stageOf, submit } from './submission-drafts.ts'

/** Watch over tasks that were submitted elsewhere. */
export const ELSEWHERE_CASES: Cases = {
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
    await store.append('b', phrase('from /callback', { step: 'regenerate' }))
    const plain = await store.submissions.watch({ id: 'p', taskId: 'b', step: 'validate' }, PATIENCE)
    t.equal(plain.submission.stage, 'settled')
    await store.append('c', phrase('new', { step: 'regenerate' }))
    const again = await store.submissions.watch({ id: 'r', taskId: 'c', step: 'regenerate' }, PATIENCE)
    t.strictSame([again.submission.stage, again.submission.place], ['settled', `${store.epoch}.0`])
  },

  async 'submissions.watch() of a validate is settled by its outcome before later events' (t, open) {
    const store = await open()
    await store.append('a', phrase('quick'))
    await store.append('a', progress('wait_processing', { step: 'generate' }))
    await submit(store, 'r', 'a', { step: 'regenerate', named: 'a' })
    const { submission } = await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame([submission.stage, submission.place], ['settled', `${store.epoch}.0`])
    const stages = (await store.submissions.of('a')).map(({ id, stage }) => [id, stage])
    t.strictSame(stages, [['w', 'settled'], ['r', 'expected']])
    const former = { draft: phrase('quick', { step: 'regenerate' }), nextMs: 10 }
    t.equal(await store.submissions.answer('r', former), undefined)
    t.equal((await store.append('a', phrase('new', { step: 'regenerate' }))).settled?.step, 'regenerate')
    await store.append('plain', phrase('from /callback', { step: 'regenerate' }))
    await store.append('plain', draft('update'))
    const plain = await store.submissions.watch({ id: 'p', taskId: 'plain', step: 'validate' }, PATIENCE)
    t.equal(plain.submission.stage, 'settled')
    await store.append('b', phrase('former', { step: 'regenerate' }))
    await store.append('b', progress('wait_processing', { step: 'regenerate' }))
    const other = await store.submissions.watch({ id: 'v', taskId: 'b', step: 'regenerate' }, PATIENCE)
    t.equal(other.submission.stage, 'expected')
  },

  async 'submissions.watch() settled by an earlier outcome supersedes no call that is under way' (t, open) {
    const store = await open()
    for (const step of ['validate', 'regenerate'] as const) {
      await store.append(step, phrase('former', { step }))
      await store.submissions.reserve({ id: step, step: 'regenerate', taskId: step }, PATIENCE)
      const { submission } = await store.submissions.watch({ id: `${step} put`, taskId: step, step }, PATIENCE)
      t.equal(submission.stage, 'settled')
      t.equal((await store.submissions.expect(step, step))?.stage, 'expected')
      const answer = { draft: phrase('new', { step: 'regenerate' }), nextMs: 10 }
      t.equal((await store.submissions.answer(step, answer))?.settled?.step, 'regenerate')
    }
  },

  async 'submissions.watch() is settled by an earlier phrase that Suno still shows after a minute' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const patience = { askAfterMs: 0, giveUpMs: 600_000 }
    for (const step of ['validate', 'regenerate'] as const) {
      await store.append(step, phrase('the same', { step }))
      await store.append(step, draft('update'))
      await store.submissions.watch({ id: step, taskId: step, step: 'regenerate' }, patience)
    }
    const answer = { draft: phrase('the same', { step: 'regenerate' }), nextMs: 10 }
    time += 59_999
    t.equal(await store.submissions.answer('regenerate', answer), undefined)
    time += 1
    const told = await store.submissions.answer('regenerate', answer)
    t.strictSame([told?.event.seq, told?.settled?.step], [3, 'regenerate'])
    t.equal(await store.submissions.answer('validate', answer), undefined)
    t.equal(await stageOf(store, 'validate'), 'expected')
  },

  async 'submissions.watch() goes on with a reservation that a callback has named the task of' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    await store.append('a', progress('wait_processing', { submission: 'r' }))
    const { submission, created } = await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
    t.strictSame([submission.id, submission.stage, created], ['r', 'expected', false])
  },

  async 'submissions.watch() supersedes an older submission of the same kind' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.submissions.watch({ id: 'w', taskId: 'a', step: 'regenerate' }, { askAfterMs: 1, giveUpMs: 1000 })
    const stages = (await store.submissions.of('a')).map(({ id, stage }) => [id, stage])
    t.strictSame(stages, [['w', 'expected'], ['r', 'superseded']])
  }
}
