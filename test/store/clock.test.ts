import t from 'tap'
import { createClock } from '../../src/store/clock.ts'

t.test('createClock() begins at the wall clock', async t => {
  const before = Date.now()
  const now = createClock()()
  t.ok(now >= before - 1 && now <= Date.now() + 1, `${now} is about ${before}`)
})

t.test('createClock() does not follow a wall clock that jumps', async t => {
  const clock = createClock()
  const before = clock()
  t.intercept(Date, 'now', { value: () => 0 })
  const back = clock()
  t.intercept(Date, 'now', { value: () => 1e15 })
  const forth = clock()
  t.ok(before <= back && back <= forth)
  t.ok(forth - before < 60_000)
})

t.test('createClock() does not begin before the time that was written last', async t => {
  const future = Date.now() + 1e9
  t.ok(createClock(future)() >= future)
})
