import t from 'tap'
import { isOutcome, taskState } from '../src/event.ts'

t.test('taskState() calls a task pending whose newest event is an update', async t => {
  t.equal(taskState('task-update'), 'pending')
})

t.test('taskState() and isOutcome() take every other event for an outcome', async t => {
  for (const name of ['phrase-ready', 'phrase-failed', 'voice-ready', 'voice-failed'] as const) {
    t.equal(taskState(name), name)
    t.ok(isOutcome(name))
  }
  t.notOk(isOutcome('task-update'))
})
