import t from 'tap'
import { isOutcome, taskState } from '../src/event.ts'

t.test('taskState() calls a task pending whose newest event is an update', async t => {
  t.equal(taskState('task-update'), 'pending')
})

t.test('taskState() tells an overdue task from one that the relay has given up', async t => {
  t.equal(taskState('task-overdue'), 'overdue')
  t.equal(taskState('task-timeout'), 'timed-out')
})

t.test('taskState() names the other states as their events', async t => {
  const names = ['phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed'] as const
  for (const name of names) t.equal(taskState(name), name)
})

t.test('isOutcome() takes phrases, voices, failures and a timeout for the end of a wait', async t => {
  const names = ['phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed', 'task-timeout'] as const
  for (const name of names) t.ok(isOutcome(name), name)
  for (const name of ['task-update', 'task-overdue'] as const) t.notOk(isOutcome(name), name)
})
