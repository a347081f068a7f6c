import t from 'tap'
import { describeState } from '../../src/hub/task-state.ts'

const newest = { taskId: 'a', seq: 1, id: 'e.1', event: 'phrase-ready', data: '{}' } as const
const epochs = [{ from: 0, epoch: 'e' }]
const expected = { step: 'validate', submittedAt: 0, isOverdue: false } as const
const submittedAt = '1970-01-01T00:00:00.000Z'

t.test('describeState() tells a task that was never heard of from one that has expired', async t => {
  t.strictSame(describeState({ epochs, first: 1, last: 0, newest: undefined }), { state: 'unknown' })
  t.strictSame(describeState({ epochs, first: 4, last: 3, newest: undefined }), { state: 'expired' })
})

t.test('describeState() names the state after the newest event', async t => {
  t.strictSame(describeState({ epochs, first: 1, last: 1, newest }), { state: 'phrase-ready' })
  const timeout = { ...newest, event: 'task-timeout' } as const
  t.strictSame(describeState({ epochs, first: 1, last: 1, newest: timeout }), { state: 'timed-out' })
})

t.test('describeState() puts an expected outcome before any that is kept', async t => {
  const pending = { epochs, first: 1, last: 0, newest: undefined, expected }
  t.strictSame(describeState(pending), { state: 'pending', submittedAt })
  const overdue = { ...expected, isOverdue: true }
  const extent = { epochs, first: 1, last: 1, newest, expected: overdue }
  t.strictSame(describeState(extent), { state: 'overdue', submittedAt })
})
