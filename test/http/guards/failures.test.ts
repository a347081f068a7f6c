import t from 'tap'
import { countFailures } from '../../../src/http/guards/failures.ts'

t.test('countFailures() lets an address have its failures, and no more in that minute', async t => {
  let time = 0
  const failed = countFailures(2, () => time)
  t.strictSame(['a', 'a', 'b', 'a'].map(failed), [false, false, false, true])
  time = 59_999
  t.equal(failed('a'), true)
  time = 60_000
  t.equal(failed('a'), false)
})

t.test('countFailures() sets no limit at 0', async t => {
  const failed = countFailures(0)
  t.strictSame(['a', 'a', 'a'].map(failed), [false, false, false])
})

t.test('countFailures() forgets the first of more than 10,000 addresses', async t => {
  const failed = countFailures(1)
  for (let n = 0; n < 10_000; n++) failed(`address ${n}`)
  t.equal(failed('address 0'), true)
  failed('one more')
  t.equal(failed('address 1'), true)
  t.equal(failed('address 0'), false)
})
