import t from 'tap'
import { createAuthFailures } from '../../../src/http/guards/failures.ts'

t.test('recordFailure() is over the limit after so many failures, until the minute ends', async t => {
  let time = 0
  const { recordFailure } = createAuthFailures(2, () => time)
  t.strictSame(['a', 'a', 'b', 'a'].map(recordFailure), [false, false, false, true])
  time = 59_999
  t.equal(recordFailure('a'), true)
  time = 60_000
  t.equal(recordFailure('a'), false)
})

t.test('recordFailure() has no limit at 0', async t => {
  const { recordFailure } = createAuthFailures(0)
  t.strictSame(['a', 'a', 'a'].map(recordFailure), [false, false, false])
})

t.test('recordFailure() drops the oldest of more than 10,000 networks', async t => {
  const { recordFailure } = createAuthFailures(1)
  for (let n = 0; n < 10_000; n++) recordFailure(`network ${n}`)
  t.equal(recordFailure('network 0'), true)
  recordFailure('one more')
  t.equal(recordFailure('network 1'), true)
  t.equal(recordFailure('network 0'), false)
})
