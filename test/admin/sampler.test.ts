import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Sample } from '../../schemas/admin.ts'
import { measureLoopDelay } from '../../src/admin/loop-delay.ts'
import { callbacksByOutcome, openStreams, startSampler } from '../../src/admin/sampler.ts'
import { createMetrics } from '../../src/metrics.ts'

t.test('sampler: measures what happens between two samples', async t => {
  const metrics = createMetrics()
  metrics.callback('kept')
  const sampler = startSampler(metrics.registry, 5)
  t.teardown(() => { sampler.stop() })
  while (sampler.after(0).length === 0) await sleep(5)
  const last = sampler.after(0).at(-1) as Sample
  t.match(last, { streams: 0, kept: 0, failed: 0, commitP50: null, writeP99: null })

  for (const outcome of ['kept', 'duplicate', 'quarantined', 'STORE_UNAVAILABLE', 'NOT_FOUND', 'BODY_NOT_JSON']) {
    metrics.callback(outcome)
  }
  metrics.committed(2)
  metrics.opened()
  const news = () => sampler.after(last.at)
  const sum = (kind: 'kept' | 'repeated' | 'quarantined' | 'failed' | 'refused') => {
    return news().reduce((total, sample) => total + sample[kind], 0)
  }
  while (sum('refused') < 2) await sleep(5)
  t.strictSame([sum('kept'), sum('repeated'), sum('quarantined'), sum('failed'), sum('refused')], [1, 1, 1, 1, 2])
  t.equal(news().at(-1)?.streams, 1)
  const [commit] = news().flatMap(({ commitP50 }) => commitP50 ?? [])
  t.ok(Number(commit) > 1 && Number(commit) <= 2.5)
  t.ok(news().every(({ at, loopMax }) => at > last.at && loopMax >= 0))
})

t.test('sampler: keeps 450 samples', async t => {
  const sampler = startSampler(createMetrics().registry, 1)
  t.teardown(() => { sampler.stop() })
  while (sampler.after(0).length < 450) await sleep(5)
  const [first] = sampler.after(0)
  while (sampler.after(0)[0]?.at === first?.at) await sleep(5)
  t.equal(sampler.after(0).length, 450)
})

t.test('sampler: reads the outcomes that have happened, and nothing from a registry without metrics', async t => {
  const metrics = createMetrics()
  const { registry } = metrics
  metrics.callback('kept')
  metrics.opened()
  t.strictSame(await callbacksByOutcome(registry), { kept: 1 })
  t.equal(await openStreams(registry), 1)
  registry.clear()
  t.strictSame([await callbacksByOutcome(registry), await openStreams(registry)], [{}, 0])
})

t.test('measureLoopDelay() reports the longest delay since the last call', async t => {
  let time = 0
  const loop = measureLoopDelay(() => time)
  t.teardown(() => { loop.stop() })
  time = 120
  t.equal(loop.takeMax(), 100, 'a delay that still lasts')
  let max = 0
  while (max === 0) {
    await sleep(5)
    max = loop.takeMax()
  }
  t.equal(max, 100, 'one that was')
})
