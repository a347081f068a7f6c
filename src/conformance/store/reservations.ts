import type { ReservationDraft } from '../../store/submissions.ts'
import type { Cases } from './cases.ts'
import { PATIENCE, phrase, stageOf, submit } from './submission-drafts.ts'

const DAY_MS = 86_400_000

/** Reservations and their keys. */
export const RESERVATION_CASES: Cases = {
  async 'submissions.reserve() keeps a submission that has no task yet' (t, open) {
    const { submissions } = await open({ now: () => 5000 })
    const unnamed = { taskId: null, place: null, stage: 'reserved' }
    const submission = { id: 'r', step: 'validate', ...unnamed, submittedAt: 5000, asked: 0 }
    const reserved = await submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    t.strictSame(reserved, { result: 'reserved', submission, ageMs: 0 })
    t.strictSame(await submissions.counts(), { expected: 0, overdue: 0 })
    t.equal(await submissions.nextDueMs(), undefined)
  },

  async 'submissions.reserve() knows a repeat of a request and a conflict for a day' (t, open) {
    let time = 5000
    const { submissions } = await open({ now: () => time })
    const idempotency = { key: 'key', digest: 'body' }
    await submissions.reserve({ id: 'one', step: 'validate', idempotency }, PATIENCE)
    await submissions.expect('one', 'a')
    time += DAY_MS - 1
    const [submission] = await submissions.of('a')
    const repeat = await submissions.reserve({ id: 'two', step: 'validate', idempotency }, PATIENCE)
    t.strictSame(repeat, { result: 'repeat', submission, ageMs: DAY_MS - 1 })
    const reserve = async (id: string, more: Partial<ReservationDraft> = {}) => {
      return (await submissions.reserve({ id, step: 'validate', ...more }, PATIENCE)).result
    }
    const other = { idempotency: { key: 'key', digest: 'other body' } }
    t.equal(await reserve('two', other), 'conflict')
    time += 1
    t.equal(await reserve('two', other), 'reserved')
    t.equal(await reserve('three', other), 'repeat')
    t.equal(await reserve('four'), 'reserved')
  },

  async 'submissions.reserve() gives a key to exactly one of concurrent requests' (t, open) {
    const { submissions } = await open()
    const idempotency = { key: 'key', digest: 'body' }
    const ids = ['one', 'two', 'three', 'four']
    const reserve = (id: string) => submissions.reserve({ id, step: 'validate', idempotency }, PATIENCE)
    const reserved = await Promise.all(ids.map(reserve))
    t.strictSame(reserved.map(({ result }) => result).sort(), ['repeat', 'repeat', 'repeat', 'reserved'])
  },

  async 'submissions.reserve() knows a request whose task was erased, for a day' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    const request = { step: 'validate', idempotency: { key: 'key', digest: 'body' } } as const
    await store.submissions.reserve({ id: 'r', ...request }, PATIENCE)
    await store.submissions.expect('r', 'a')
    await store.append('a', phrase('ready'))
    await store.erase('a', [])
    t.strictSame(await store.submissions.of('a'), [])
    time += DAY_MS - 1
    const repeat = await store.submissions.reserve({ id: 'two', ...request }, PATIENCE)
    const erased = { taskId: null, place: null, stage: 'erased' }
    const submission = { id: 'r', step: 'validate', ...erased, submittedAt: 5000, asked: 0 }
    t.strictSame(repeat, { result: 'repeat', submission, ageMs: DAY_MS - 1 })
    await t.rejects(store.append('a', phrase('ready', { submission: 'r' })), { code: 'CALLBACK_UNAUTHENTIC' })
    t.equal(await store.submissions.expect('r', 'a'), undefined)
    await store.submissions.cancel('r')
    t.equal((await store.submissions.reserve({ id: 'three', ...request }, PATIENCE)).result, 'repeat')
    time += 1
    await store.trim(DAY_MS, () => false)
    t.equal((await store.submissions.reserve({ id: 'four', ...request }, PATIENCE)).result, 'reserved')
  },

  async 'submissions.cancel() forgets a reservation, and frees its key' (t, open) {
    const { submissions } = await open()
    const idempotency = { key: 'key', digest: 'body' }
    await submissions.reserve({ id: 'one', step: 'validate', idempotency }, PATIENCE)
    await submissions.cancel('one')
    await submissions.cancel('one')
    t.equal(await submissions.expect('one', 'a'), undefined)
    t.equal((await submissions.reserve({ id: 'two', step: 'validate', idempotency }, PATIENCE)).result, 'reserved')
  },

  async 'submissions.cancel() leaves a submission that has a task' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.submissions.cancel('r')
    t.equal(await stageOf(store, 'a'), 'expected')
  }
}
