import t from 'tap'
import { readAll } from '../../src/conformance/drafts.ts'
import { watchDeadlines } from '../../src/asking/deadlines.ts'
import { createSubmissionReport } from '../../src/asking/report.ts'
import { createMetrics } from '../../src/metrics.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { fakeTimeouts } from '../support/timers.ts'

t.test('watchDeadlines() ends submissions at their deadline, asks nothing, and says so once', async t => {
  const timers = fakeTimeouts(t)
  let now = 5000
  let isDown = false
  const store = memoryStore({ now: () => now })
  const submissions = {
    ...store.submissions,
    async claim (...args: Parameters<typeof store.submissions.claim>) {
      if (isDown) throw new Error('the store fails')
      return store.submissions.claim(...args)
    }
  }
  const lines: unknown[][] = []
  const write = (level: string) => (details: object, message: string) => { lines.push([level, message, details]) }
  const log = { info: write('info'), warn: write('warn'), error: write('error') }
  const loop = watchDeadlines({ submissions, report: createSubmissionReport(log, createMetrics()), log })
  t.teardown(() => loop.stop())
  async function pass (ms: number): Promise<void> {
    now += ms
    timers.fire()
    await new Promise((resolve) => { setImmediate(resolve) })
  }

  await pass(0)
  t.strictSame(lines, [])
  await store.submissions.watch({ id: 'r', taskId: 'a', step: 'validate' }, { askAfterMs: 0, giveUpMs: 60_000 })
  await pass(10_000)
  await pass(10_000)
  t.strictSame(lines, [['warn', 'cannot ask Suno', { failure: 'no-key', reason: 'SUNO_API_KEY is not set' }]])
  t.strictSame(await readAll(store, 'a'), [])
  t.match(await store.submissions.of('a'), [{ stage: 'expected', asked: 0 }])

  isDown = true
  await pass(60_000)
  isDown = false
  await pass(10_000)
  await pass(0)
  t.match(await readAll(store, 'a'), [{ event: 'task-timeout' }])
  t.match(lines.slice(1), [['info', 'task timed out', { taskId: 'a' }]])
  t.equal(lines.length, 2)
})
