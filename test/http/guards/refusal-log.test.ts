import t, { type Test } from 'tap'
import { createRefusalLog } from '../../../src/http/guards/refusal-log.ts'
import { fakeTimeouts } from '../../support/timers.ts'

function start (t: Test) {
  const timeouts = fakeTimeouts(t)
  const lines: unknown[] = []
  const refusals = createRefusalLog({ warn: (details, message) => { lines.push([message, details]) } })
  return { ...refusals, timeouts, take: () => lines.splice(0) }
}

const UNAUTHENTICATED = 'unauthenticated requests refused'

t.test('refusal log: the first unauthenticated callback is logged at once', async t => {
  const { unauthenticated, take } = start(t)
  unauthenticated('192.0.2.1', 'validate')
  t.strictSame(take(), [[UNAUTHENTICATED, { count: 1, addresses: ['192.0.2.1'], steps: ['validate'] }]])
})

t.test('refusal log: later unauthenticated callbacks are one line a minute', async t => {
  const { unauthenticated, timeouts, take } = start(t)
  unauthenticated('192.0.2.1', 'validate')
  take()
  for (const step of ['validate', 'generate', 'generate']) unauthenticated('192.0.2.2', step)
  t.strictSame([take(), timeouts.delays], [[], [60_000]])

  timeouts.fire()
  t.strictSame(take(), [[UNAUTHENTICATED, { count: 3, addresses: ['192.0.2.2'], steps: ['validate', 'generate'] }]])

  unauthenticated('192.0.2.3', 'validate')
  t.strictSame(take(), [], 'the minute after a summary has no line of its own')
  timeouts.fire()
  t.equal(take().length, 1)
  timeouts.fire()
  t.strictSame([take(), timeouts.delays], [[], []])

  unauthenticated('192.0.2.4', 'validate')
  t.equal(take().length, 1)
})

t.test('refusal log: a summary names ten addresses at most', async t => {
  const { unauthenticated, flush, take } = start(t)
  for (let n = 0; n < 100; n++) unauthenticated(`192.0.2.${n}`, 'validate')
  flush()
  t.match(take(), [{}, [UNAUTHENTICATED, { count: 99, addresses: { length: 10 } }]])
})

t.test('refusal log: other refused callbacks are sixty lines a minute, then a count', async t => {
  const { refused, timeouts, take } = start(t)
  for (let n = 0; n < 100; n++) refused({ code: 'NOT_FOUND', n })
  t.strictSame(take(), Array.from({ length: 60 }, (_, n) => ['callback refused', { code: 'NOT_FOUND', n }]))
  timeouts.fire()
  t.strictSame(take(), [['refused callbacks not logged', { suppressed: 40 }]])
  refused({ code: 'NOT_FOUND' })
  t.equal(take().length, 1)
})

t.test('refusal log: flush() stops the timer and may be called twice', async t => {
  const { unauthenticated, flush, timeouts, take } = start(t)
  for (let n = 0; n < 2; n++) unauthenticated('192.0.2.1', 'validate')
  flush()
  flush()
  t.equal(take().length, 2)
  t.strictSame(timeouts.delays, [])
})
