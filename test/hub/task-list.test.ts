import t from 'tap'
import { draft, numbers } from '../../src/conformance/drafts.ts'
import { phrase, submit } from '../../src/conformance/store/submission-drafts.ts'
import { createHub, localBus, memoryStore } from '../../src/index.ts'
import { readCallback } from '../../src/suno/callback.ts'
import { phraseReady } from '../support/callbacks.ts'

function startHub () {
  let time = 1000
  const store = memoryStore({ now: () => time++ })
  return { store, hub: createHub({ store, bus: localBus() }) }
}

t.test('hub.tasks() describes tasks by their latest activity', async t => {
  const { store, hub } = startHub()
  const callback = readCallback('validate', phraseReady('a'), { receivedAt: new Date() })
  const { event } = await store.append('a', callback.draft)
  await submit(store, 'r', 'b', { step: 'generate' })
  await submit(store, 's', 'c')
  await store.submissions.overdue('s', { ...draft('overdue'), event: 'task-overdue' })
  const { tasks, next, readTo } = await hub.tasks({ limit: 10 })
  t.strictSame(tasks.map(({ at, submittedAt, ...task }) => task), [
    { taskId: 'c', state: 'overdue', step: 'validate', lastEventId: `${store.epoch}.1` },
    { taskId: 'b', state: 'pending', step: 'generate', lastEventId: null },
    { taskId: 'a', state: 'phrase-ready', step: 'validate', lastEventId: event.id }
  ])
  t.strictSame(tasks.map(({ submittedAt }) => typeof submittedAt), ['number', 'number', 'object'])
  t.strictSame([next, readTo], [undefined, tasks.at(-1)?.at])
})

t.test('hub.tasks() lists nothing of an empty store', async t => {
  t.strictSame(await startHub().hub.tasks({ limit: 10 }), { tasks: [], next: undefined, readTo: undefined })
})

t.test('hub.tasks() looks at 2,000 events at most, and goes on from there', async t => {
  const { store, hub } = startHub()
  await store.append('old', phrase('ready'))
  for (const n of numbers(2500)) await store.append(`${n}`, draft('one'))
  const first = await hub.tasks({ states: ['phrase-ready'], limit: 10 })
  t.strictSame(first.tasks, [])
  t.ok(first.next)
  const { tasks, next } = await hub.tasks({ states: ['phrase-ready'], limit: 10, before: first.next })
  t.strictSame([tasks.map(({ taskId }) => taskId), next], [['old'], undefined])
})

t.test('hub.tasks() ends a list within a page of the store', async t => {
  const { store, hub } = startHub()
  for (const n of numbers(250)) await store.append(`${n}`, draft('one'))
  const { tasks, next } = await hub.tasks({ limit: 1 })
  t.equal(tasks.length, 100)
  t.equal((await hub.tasks({ limit: 1000, before: next })).tasks.length, 150)
})
