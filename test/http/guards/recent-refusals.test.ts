import t from 'tap'
import { createRecentRefusals } from '../../../src/http/guards/recent-refusals.ts'

t.test('recent refusals: equal ones are one entry, the most recent first', async t => {
  let time = 0
  const { add, list } = createRecentRefusals(() => ++time)
  add({ code: 'A', step: 'validate' }, '192.0.2.1')
  add({ code: 'B', path: '/b', reason: 'odd' })
  for (const n of [2, 3, 4, 2]) add({ code: 'A', step: 'validate' }, `192.0.2.${n}`)
  const none = { step: null, path: null, reason: null }
  t.strictSame(list(), [
    {
      ...none,
      code: 'A',
      step: 'validate',
      count: 5,
      firstAt: 1,
      lastAt: 6,
      addresses: ['192.0.2.2', '192.0.2.4', '192.0.2.3']
    },
    { ...none, code: 'B', path: '/b', reason: 'odd', count: 1, firstAt: 2, lastAt: 2, addresses: [] }
  ])
})

t.test('recent refusals: fifty kinds are kept', async t => {
  const { add, list } = createRecentRefusals()
  for (let n = 0; n < 60; n++) add({ code: 'NOT_FOUND', path: `/${n}` })
  t.strictSame([list().length, list()[0]?.path, list().at(-1)?.path], [50, '/59', '/10'])
})
