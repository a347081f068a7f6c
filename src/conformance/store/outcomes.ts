import { draft } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { failure, PATIENCE, phrase, progress, stageOf, submit } from './submission-drafts.ts'

const HOUR_MS = 3_600_000

/** Outcomes by callback. */
export const OUTCOME_CASES: Cases = {
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
    await store.append('a', phrase('ready', { step: 'generate' }))
    await store.append('b', phrase('ready'))
    await store.append('a', draft('about nothing'))
    await store.append('a', { ...draft('without a status'), about: { step: 'validate' } })
    t.equal(await stageOf(store, 'a'), 'expected')
    await submit(store, 'v', 'b', { step: 'regenerate', named: 'b' })
    await store.append('b', phrase('of a validate'))
    t.equal(await stageOf(store, 'b'), 'expected')
  },

  async 'append() settles a validate by a callback of a regenerate without a token, as /callback counts' (t, open) {
    const store = await open()
    const plain = phrase('ready', { step: 'regenerate' })
    const watch = { id: 'w', taskId: 'a', step: 'validate' } as const
    await store.submissions.watch(watch, PATIENCE)
    await store.append('a', { ...progress('busy', { step: 'regenerate' }) })
    const { event, settled } = await store.append('a', plain)
    t.equal(settled?.step, 'validate')
    t.equal(await store.submissions.answer('w', { draft: phrase('ready'), nextMs: 10 }), undefined)
    t.strictSame(await store.append('a', phrase('ready')), { event, duplicate: true })

    await store.submissions.watch({ ...watch, id: 'late', taskId: 'b' }, PATIENCE)
    await store.submissions.giveUp('late', draft('timeout'))
    t.equal((await store.append('b', plain)).settled?.step, 'validate')

    await submit(store, 'r', 'a', { step: 'regenerate', named: 'a' })
    t.equal((await store.append('a', phrase('new', { step: 'regenerate' }))).settled?.step, 'regenerate')
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

  async 'quarantine.release() settles a submission' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.quarantine.hold({ step: 'validate', body: '{}', reason: 'it is odd', digest: 'ready' })
    t.equal((await store.quarantine.release(1, 'a', phrase('ready')))?.settled?.step, 'validate')
    t.equal(await stageOf(store, 'a'), 'settled')
  }
}
