import t from 'tap'
import { draft } from '../../../src/conformance/drafts.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { MARK_LIVES } from '../../../src/store/store.ts'

t.test('memoryStore() creates a history of its own each time', async t => {
  t.not(memoryStore().epoch, memoryStore().epoch)
})

t.test('memoryStore trim() forgets the highest seq in the end: it does not grow for ever', async t => {
  let time = 0
  const store = memoryStore({ now: () => time })
  await store.append('a', draft('one'))
  time = 1000
  await store.trim(1000, () => false)
  time = 1000 * MARK_LIVES
  await store.trim(1000, () => false)
  t.equal((await store.extent('a')).last, 0)
})
