import t from 'tap'
import { backoff, withTimeout } from '../../src/client/timing.ts'

t.test('withTimeout: settles like the work', async t => {
  t.equal(await withTimeout(60_000, undefined, Promise.resolve(1)), 1)
  await t.rejects(withTimeout(60_000, undefined, Promise.reject(new Error('no'))), { message: 'no' })
})

t.test('withTimeout: resolves with undefined when the time is over', async t => {
  t.equal(await withTimeout(1), undefined)
})

t.test('withTimeout: counts time that the machine spent asleep', async t => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const pause = withTimeout(3_600_000)
  Date.now = () => now() + 3_600_000

  t.equal(await pause, undefined)
})

t.test('withTimeout: resolves with undefined if the signal aborts or is aborted', async t => {
  const abort = new AbortController()
  const pause = withTimeout(60_000, abort.signal)
  abort.abort()

  t.equal(await pause, undefined)
  t.equal(await withTimeout(60_000, abort.signal), undefined)
})

t.test('backoff: doubles the delay of the server up to 30 s, and subtracts up to half at random', t => {
  t.ok(between(backoff(1000, 0), 500, 1000))
  t.ok(between(backoff(1000, 3), 4000, 8000))
  t.ok(between(backoff(1000, 30), 15_000, 30_000))
  t.end()
})

t.test('backoff: does not double a longer delay of the server', t => {
  t.ok(between(backoff(45_000, 5), 22_500, 45_000))
  t.end()
})

function between (value: number, min: number, max: number): boolean {
  return value >= min && value <= max
}
