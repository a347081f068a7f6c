import t from 'tap'
import { draft } from '../../../src/conformance/drafts.ts'
import { PATIENCE, phrase, stageOf } from '../../../src/conformance/store/submission-drafts.ts'
import { memoryHistory, type MemoryNote, type MemoryTask } from '../../../src/store/memory/history.ts'
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

t.test('memoryStore submissions.answer() is settled by an equal outcome that the task has for its step', async t => {
  const history = memoryHistory()
  const store = memoryStore({}, history)
  await store.append('a', draft('before'))
  await store.submissions.watch({ id: 'w', taskId: 'a', step: 'validate' }, PATIENCE)
  const { event } = await store.append('a', draft('kept by a version that did not relate it'))
  const { notes } = history.tasks.get('a') as MemoryTask
  notes[1] = { ...notes[1] as MemoryNote, about: { step: 'regenerate', meaning: 'phrase' } }
  t.equal(await store.submissions.answer('w', { draft: phrase('phrase'), nextMs: 10 }), undefined)
  t.equal(await stageOf(store, 'a'), 'settled')
  t.strictSame(await store.append('a', phrase('phrase')), { event, duplicate: true })
})
