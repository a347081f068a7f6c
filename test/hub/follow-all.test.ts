import t from 'tap'
import { createHub, localBus, memoryStore } from '../../src/index.ts'
import { draft } from '../../src/conformance/drafts.ts'
import { followAll } from '../../src/hub/follow-all.ts'
import { RelayError } from '../../src/errors.ts'

const receiver = { deliver: () => true, onLost () {} }

t.test('followAll() follows every task, in their order', async t => {
  const hub = createHub({ store: memoryStore(), bus: localBus() })
  t.teardown(() => hub.close())
  await hub.publish('b', draft('one'))
  const seen: string[] = []
  const [a, b] = await followAll(hub, ['a', 'b'].map((taskId) => {
    return { taskId, from: {}, receiver: { ...receiver, deliver: () => seen.push(taskId) > 0 } }
  }))

  t.match([a?.position.extent.last, b?.position.extent.last], [0, 1])
  a?.follower.resume()
  b?.follower.resume()
  await hub.publish('a', draft('two'))
  t.strictSame(seen, ['b', 'a'])
})

t.test('followAll() follows none if the past of one cannot be read', async t => {
  const store = memoryStore()
  const hub = createHub({
    store: {
      ...store,
      async extent (taskId) {
        if (taskId === 'b') throw new RelayError('STORE_UNAVAILABLE', 'Cannot use the store: the test says so')
        return store.extent(taskId)
      }
    },
    bus: localBus()
  })
  t.teardown(() => hub.close())
  for (const taskId of ['a', 'c']) await hub.publish(taskId, draft('one'))

  const tasks = ['a', 'b', 'c'].map((taskId) => ({ taskId, from: {}, receiver }))
  await t.rejects(followAll(hub, tasks), { code: 'STORE_UNAVAILABLE' })

  t.equal(await hub.trim(-1), 2, 'nobody follows the other tasks')
})
