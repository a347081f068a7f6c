import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { draft } from '../../../src/conformance/drafts.ts'
import { memoryHistory, renewFork } from '../../../src/store/memory/history.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { gatedBus } from '../../support/buses.ts'
import { copyMemory } from '../../support/histories.ts'
import { mountRelay } from '../../support/relay-with.ts'
import { watch } from '../../support/sse.ts'

t.test('events: a stream whose history was put back ends, and the client that reconnects gets a gap', async t => {
  const history = memoryHistory()
  const { hub, url } = await mountRelay(t, memoryStore({}, history))
  await hub.publish('a', draft('one'))
  const restore = copyMemory(history)
  const stream = await watch(t, `${url}/events/a?replay=none`)
  await stream.next()
  await hub.publish('a', draft('lost'))
  const { id } = await stream.next()

  restore()
  renewFork(history)
  await hub.publish('a', draft('another'))
  t.match(await stream.next(), { event: 'closing', data: { reason: 'history-lost' } })
  t.strictSame(await stream.rest(), [])

  const again = await watch(t, `${url}/events/a?lastEventId=${id}`)
  t.match(await again.next(), { event: 'subscribed', data: { gap: true, replayed: 2 } })
  t.match([await again.next(), await again.next()], [{ data: 'one' }, { data: 'another' }])
})

t.test('tasks: a read that waits ends when its history was put back', async t => {
  const history = memoryHistory()
  const bus = gatedBus()
  const { hub, url } = await mountRelay(t, memoryStore({}, history), { bus })
  const restore = copyMemory(history)
  const { event } = await hub.publish('a', draft('lost'))
  const response = fetch(`${url}/tasks/a?wait=60&after=${event.id}`)
  while (bus.subscriptions === 0) await turn()
  restore()
  renewFork(history)
  t.equal((await response).status, 204)
})
