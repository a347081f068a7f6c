import t from 'tap'
import { phrase } from '../../src/conformance/store/submission-drafts.ts'
import { RelayError } from '../../src/errors.ts'
import { createReservations } from '../../src/asking/reservation.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { Submissions } from '../../src/store/submissions.ts'
import { createSubmitter, type SubmitOptions } from '../../src/asking/submitter.ts'
import { SunoError } from '../../src/suno/error.ts'

const PATIENCE = { askAfterMs: 30_000, giveUpMs: 600_000 }
const lost = new SunoError('unreachable', 'Cannot submit to Suno: no complete answer', { maybeSubmitted: true })
const request = (key: string): SubmitOptions => {
  return { step: 'validate', fields: { taskId: 7 }, idempotency: { key, digest: 'body' } }
}
const codeOf = (promise: Promise<unknown>) => promise.then(() => '', ({ code }: RelayError) => code)

/** A submitter whose calls to Suno end as told. */
function setUp (submit: () => Promise<string>, submissions: Submissions = memoryStore().submissions) {
  const expected: number[] = []
  const earlier: unknown[] = []
  const submitter = createSubmitter({
    submissions,
    client: { submit },
    reservations: createReservations(() => submissions.signingKey()),
    publicUrl: '',
    tokenLifeMs: 1000,
    patience: PATIENCE,
    onExpected: (ms) => { expected.push(ms) },
    onEarlier: ({ taskId, step }, ms) => { earlier.push([taskId, step, typeof ms]) }
  })
  return { submitter, submissions, expected, earlier }
}

t.test('submit() says when something will be due, and counts as a call', async t => {
  const { submitter, submissions, expected } = setUp(async () => 'a')
  t.match(await submitter.submit(request('key')), { submission: { taskId: 'a', stage: 'expected' }, isRepeat: false })
  t.strictSame(expected, [PATIENCE.askAfterMs])
  await submitter.watch('b', 'generate')
  await submitter.watch('b', 'generate')
  t.strictSame(expected, [PATIENCE.askAfterMs, PATIENCE.askAfterMs])
  t.strictSame(await submissions.counts(), { expected: 2, overdue: 0 })
})

t.test('submit() and watch() report a submission that an earlier callback has settled, once', async t => {
  const { append, submissions } = memoryStore()
  const { submitter, earlier } = setUp(async () => {
    await append('a', phrase('quick'))
    return 'a'
  }, submissions)
  t.match(await submitter.submit(request('key')), { submission: { stage: 'settled' } })
  await submitter.submit(request('key'))
  t.strictSame(earlier, [['a', 'validate', 'number']])
  await append('b', phrase('quick'))
  for (const created of [true, false]) t.match(await submitter.watch('b', 'validate'), { created })
  await submitter.watch('c', 'validate')
  t.strictSame(earlier.slice(1), [['b', 'validate', 'undefined']])
})

t.test('submit() waits for the first request of another process, but not for ever', async t => {
  // A clock that differs from the wall clock.
  let now = 5000
  const { submissions } = memoryStore({ now: () => now })
  const { submitter } = setUp(async () => t.fail('submitted') as never, submissions)
  const idempotency = { key: 'key', digest: 'body' }
  await submissions.reserve({ id: 'of another process', step: 'validate', idempotency }, PATIENCE)
  now += 14_999
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUBMISSION_UNDER_WAY')
  now += 1
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUNO_UNREACHABLE')
})

t.test('submit() returns a submission whose task a callback has named', async t => {
  const store = memoryStore()
  const { submitter, submissions } = setUp(async () => { throw lost }, store.submissions)
  let id = ''
  const spy: Submissions = {
    ...submissions,
    reserve (draft, patience) {
      id = draft.id
      return submissions.reserve(draft, patience)
    }
  }
  const { submitter: first } = setUp(async () => { throw lost }, spy)
  t.equal(await codeOf(first.submit(request('key'))), 'SUNO_UNREACHABLE')
  const about = { step: 'validate', progress: 'busy', submission: id } as const
  await store.append('a', { event: 'task-update', data: '{}', digest: 'd', about })
  t.match(await submitter.submit(request('key')), { submission: { taskId: 'a', stage: 'expected' }, isRepeat: true })
})

t.test('submit() remembers the newest 1,000 submissions that were lost', async t => {
  const { submitter } = setUp(async () => { throw lost })
  for (let n = 0; n <= 1000; n++) await codeOf(submitter.submit(request(`key ${n}`)))
  t.equal(await codeOf(submitter.submit(request('key 1'))), 'SUNO_UNREACHABLE')
  t.equal(await codeOf(submitter.submit(request('key 0'))), 'SUBMISSION_UNDER_WAY', 'it may be under way elsewhere')
})

t.test('submit() lets no question be asked for as long as Suno wants', async t => {
  const busy = new SunoError('busy', 'too often', { maybeSubmitted: false, retryAfterSeconds: 60 })
  const { submitter, submissions } = setUp(async () => { throw busy })
  await submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, { askAfterMs: 0, giveUpMs: 600_000 })
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUNO_BUSY')
  t.ok(Number(await submissions.nextDueMs()) > 50_000)
})

t.test('submit() reports why Suno refuses although the store fails', async t => {
  const { submissions } = memoryStore()
  const failing = { ...submissions, cancel: async () => { throw new Error('the store fails') } }
  const { submitter } = setUp(async () => { throw new SunoError('refused', 'no', { maybeSubmitted: false }) }, failing)
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUNO_REFUSED')
})

t.test('submit() submits again after the store failed and kept the reservation all the same', async t => {
  const { submissions } = memoryStore()
  let failures = 2
  const fail = () => { if (failures-- > 0) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store') }
  const failing: Submissions = {
    ...submissions,
    async reserve (...args) {
      const reserved = await submissions.reserve(...args)
      fail()
      return reserved
    },
    async cancel (id) {
      fail()
      await submissions.cancel(id)
    }
  }
  const { submitter } = setUp(async () => 'a', failing)
  t.equal(await codeOf(submitter.submit(request('key'))), 'STORE_UNAVAILABLE')
  t.match(await submitter.submit(request('key')), { submission: { taskId: 'a' }, isRepeat: false })
})

t.test('submit() submits again after Suno has refused and the store failed to cancel', async t => {
  const { submissions } = memoryStore()
  const refused = new SunoError('refused', 'no', { maybeSubmitted: false })
  let isDown = true
  const failing: Submissions = {
    ...submissions,
    async cancel (id) {
      if (isDown) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store')
      await submissions.cancel(id)
    }
  }
  const { submitter } = setUp(async () => { if (isDown) throw refused; return 'a' }, failing)
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUNO_REFUSED')
  t.equal(await codeOf(submitter.submit(request('key'))), 'STORE_UNAVAILABLE')
  isDown = false
  t.match(await submitter.submit(request('key')), { submission: { taskId: 'a' }, isRepeat: false })
})

t.test('submit() does not submit a request again whose task was erased', async t => {
  const store = memoryStore()
  let calls = 0
  const { submitter } = setUp(async () => `${++calls}`, store.submissions)
  await submitter.submit(request('key'))
  await store.erase('1', [])
  t.equal(await codeOf(submitter.submit(request('key'))), 'TASK_EXPIRED')
  t.equal(calls, 1)
})

t.test('submit() fails where a callback names another task than the answer', async t => {
  const store = memoryStore()
  const about = { step: 'validate', progress: 'busy' } as const
  const spy: Submissions = {
    ...store.submissions,
    async reserve (draft, patience) {
      const reserved = await store.submissions.reserve(draft, patience)
      const { id: submission } = draft
      await store.append('other', { event: 'task-update', data: '{}', digest: 'd', about: { ...about, submission } })
      return reserved
    }
  }
  const { submitter } = setUp(async () => 'a', spy)
  t.equal(await codeOf(submitter.submit(request('key'))), 'SUNO_UNREACHABLE')
})

t.test('submit() passes on a failure of the store', async t => {
  const { submissions } = memoryStore()
  const failing = { ...submissions, expect: async () => { throw new Error('the store fails') } }
  const { submitter } = setUp(async () => 'a', failing)
  await t.rejects(submitter.submit(request('key')), { message: 'the store fails' })
})

t.test('submit() remembers the task that the store failed to keep, and does not submit it again', async t => {
  const { submissions } = memoryStore()
  let fails = true
  const failing: Submissions = {
    ...submissions,
    async expect (...args) {
      if (fails) throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store')
      return submissions.expect(...args)
    }
  }
  let calls = 0
  const { submitter } = setUp(async () => `task ${++calls}`, failing)
  await t.rejects(submitter.submit(request('key')), { code: 'SUNO_UNREACHABLE', message: /accepted it as task task 1/ })
  fails = false
  const again = await submitter.submit(request('key'))
  t.match(again, { submission: { taskId: 'task 1', stage: 'expected' }, isRepeat: true })
  t.equal(calls, 1)
})
