import t from 'tap'
import type { EventName, RelayEvent } from '../../schemas/event.ts'
import { createTaskScene } from '../../src/web/task-scene.js'

const now = () => Date.UTC(2026, 0, 1) + 7000
const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString()

function event (name: EventName, seconds: number, data: object = {}): RelayEvent {
  const fields = { taskId: 'a', step: 'validate', code: 200, msg: 'success', status: null, errorCode: 0 }
  return { id: 'e.1', event: name, data: { ...fields, receivedAt: at(seconds), ...data } } as unknown as RelayEvent
}
const phrase = (seconds: number) => event('phrase-ready', seconds, { validateInfo: `Phrase of ${seconds}` })

t.test('the scene of a task: without events it tells the states apart', async t => {
  t.match(createTaskScene(now).subscribe({ state: 'unknown' }), { headline: 'Unknown task', since: at(7) })
  t.match(createTaskScene(now).subscribe({ state: 'expired' }), { headline: 'Expired', since: undefined })
  const pending = createTaskScene(now).subscribe({ state: 'pending', submittedAt: at(0) })
  t.match(pending, { text: 'No result yet', since: at(0) })
})

t.test('the scene of a task: a task that nobody knows is waited for since the first look', async t => {
  let time = 0
  const scene = createTaskScene(() => time)
  const first = scene.subscribe({ state: 'unknown' })
  time = 60_000
  t.strictSame(scene.subscribe({ state: 'unknown' }), first, 'also after a reconnect')
})

t.test('the scene of a task: a wait without a submission counts from its first event', async t => {
  const scene = createTaskScene(now)
  scene.subscribe({ state: 'pending' })
  t.match(scene.apply(event('task-update', 2, { status: 'wait_processing' })), { kind: 'wait', since: at(2) })
  t.match(scene.apply(event('task-update', 5, { status: 'processing_validate' })), { since: at(2) })
  t.match(scene.apply(phrase(6)), { kind: 'ready', since: undefined })
  t.match(scene.apply(event('task-update', 9, { status: 'generating_voice' })), { kind: 'wait', since: at(9) })
})

t.test('the scene of a task: a wait goes on through progress and becomes overdue', async t => {
  const scene = createTaskScene(now)
  scene.subscribe({ state: 'pending', submittedAt: at(0) })

  const progress = scene.apply(event('task-update', 5, { status: 'processing_validate' }))
  t.match(progress, { text: 'The phrase is being created', since: at(0), hint: 'If no callback comes, the relay asks' })
  const overdue = scene.apply(event('task-overdue', 32, { submittedAt: at(0) }))
  t.match(overdue, { text: 'No callback yet', since: at(0), hint: 'asking Suno since 0:32' })
  const asked = scene.apply(event('task-update', 37, { status: 'wait_processing' }))
  t.match(asked, { text: 'The task is queued', since: at(0), hint: 'asking Suno since 0:32' })
  const phraseReady = scene.apply(phrase(42))
  t.match(phraseReady, { text: 'Phrase of 42', since: undefined })
})

t.test('the scene of a task: a new stream changes nothing of the same wait', async t => {
  const scene = createTaskScene(now)
  scene.subscribe({ state: 'pending', submittedAt: at(0) })
  const overdue = scene.apply(event('task-overdue', 32, { submittedAt: at(0) }))

  t.strictSame(scene.subscribe({ state: 'overdue', submittedAt: at(0) }), overdue)
})

t.test('the scene of a task: an overdue submission that was made later starts the wait', async t => {
  const scene = createTaskScene(now)
  scene.subscribe({ state: 'phrase-ready' })
  scene.apply(phrase(1))

  t.match(scene.apply(event('task-overdue', 130, { submittedAt: at(100) })), { since: at(100), hint: 'since 0:30' })
})

t.test('the scene of a task: the phrase from before a submission is not shown as its outcome', async t => {
  const first = createTaskScene(now)
  t.match(first.subscribe({ state: 'pending', submittedAt: at(100) }), { text: 'No result yet' })
  t.equal(first.apply(phrase(1)), undefined)
  t.match(first.apply(phrase(130)), { text: 'Phrase of 130' })

  const again = createTaskScene(now)
  again.subscribe({ state: 'phrase-ready' })
  again.apply(phrase(1))
  t.match(again.subscribe({ state: 'pending', submittedAt: at(100) }), { text: 'No result yet', since: at(100) })
})

t.test('the scene of a task: an outcome stays when the stream opens again', async t => {
  for (const name of ['phrase-ready', 'task-timeout'] as const) {
    const scene = createTaskScene(now)
    scene.subscribe({ state: 'pending', submittedAt: at(0) })
    const outcome = scene.apply(event(name, 600, { validateInfo: 'Phrase', submittedAt: at(0) }))

    t.strictSame(scene.subscribe({ state: name === 'task-timeout' ? 'timed-out' : name }), outcome)
  }
})
