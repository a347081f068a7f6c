import t from 'tap'
import { createReadiness } from '../../src/admin/readiness.ts'

t.test('readiness: writes to the store once in five seconds, and states why it is missing', async t => {
  let time = 0
  let checks = 0
  let isFailing = false
  const streams = { draining: false }
  async function check (): Promise<void> {
    checks++
    if (isFailing) throw new Error('the store is gone')
  }
  const readiness = createReadiness({ hub: { check }, streams, now: () => time })

  t.strictSame(await Promise.all([readiness(), readiness()]), Array(2).fill({ ready: true, reason: null }))
  isFailing = true
  time = 4999
  t.equal((await readiness()).ready, true)
  t.equal(checks, 1)
  time = 5000
  t.strictSame(await readiness(), { ready: false, reason: 'the store is gone' })
  streams.draining = true
  t.strictSame(await readiness(), { ready: false, reason: 'The server is stopping' })
  t.equal(checks, 2)
})
