import t from 'tap'
import { backoff, within } from '../../src/client/timing.ts'

t.test('within: settles as the work does', async t => {
  t.equal(await within(60_000, undefined, Promise.resolve(1)), 1)
  await t.rejects(within(60_000, undefined, Promise.reject(new Error('no'))), { message: 'no' })
})

t.test('within: resolves with undefined when the time is over', async t => {
  t.equal(await within(1), undefined)
})

t.test('within: counts the time that the machine slept', async t => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const pause = within(3_600_000)
  Date.now = () => now() + 3_600_000

  t.equal(await pause, undefined)
})

t.test('within: resolves with undefined when the signal aborts, or has aborted', async t => {
  const abort = new AbortController()
  const pause = within(60_000, abort.signal)
  abort.abort()

  t.equal(await pause, undefined)
  t.equal(await within(60_000, abort.signal), undefined)
})

t.test('backoff: doubles what the server told, at most to half a minute, less up to half of it', t => {
  t.ok(between(backoff(1000, 0), 500, 1000))
  t.ok(between(backoff(1000, 3), 4000, 8000))
  t.ok(between(backoff(1000, 30), 15_000, 30_000))
  t.end()
})

t.test('backoff: a longer wait that the server told is not doubled', t => {
  t.ok(between(backoff(45_000, 5), 22_500, 45_000))
  t.end()
})

function between (value: number, least: number, most: number): boolean {
  return value >= least && value <= most
}
