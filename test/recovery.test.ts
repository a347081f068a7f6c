import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createHub, localBus, readCallback } from '../src/index.ts'
import { reportRecovery } from '../src/recovery.ts'
import { phraseReady } from './support/callbacks.ts'
import { failingStore } from './support/stores.ts'

const { draft } = readCallback('validate', phraseReady('a'), { receivedAt: new Date() })

/** A reported hub whose interval runs by hand. */
function start (t: Test) {
  const store = failingStore()
  const plain = createHub({ store, bus: localBus() })
  let check: (() => void) | undefined
  t.intercept(globalThis, 'setInterval', {
    value: (run: () => void) => {
      check = run
      return { unref: () => 1 }
    }
  })
  t.intercept(globalThis, 'clearInterval', { value: (timer: unknown) => { if (timer) check = undefined } })
  const lines: unknown[] = []
  const log = { info: (details: object, message: string) => { lines.push([message, details]) } }
  const report = reportRecovery(plain, log)
  return { store, lines, ...report, isChecking: () => check !== undefined, check: () => check?.() }
}

t.test('a store that recovers is reported once', async t => {
  const { store, lines, hub, isChecking } = start(t)
  await hub.publish('a', draft)
  store.isFailing = true
  for (let n = 0; n < 2; n++) await t.rejects(hub.publish('a', draft), { code: 'STORE_UNAVAILABLE' })
  t.strictSame([lines, isChecking()], [[], true])

  store.isFailing = false
  for (let n = 0; n < 2; n++) await hub.publish('a', draft)
  t.match(lines, [['store recovered', { ms: Number }]])
  t.equal(lines.length, 1)
  t.equal(isChecking(), false)
})

t.test('a store that recovers without a callback is noticed by a check', async t => {
  const { store, lines, hub, check } = start(t)
  store.isFailing = true
  await t.rejects(hub.check(), { code: 'STORE_UNAVAILABLE' })
  check()
  await turn()
  t.strictSame(lines, [])
  store.isFailing = false
  check()
  await turn()
  t.match(lines, [['store recovered', {}]])
})

t.test('a held callback shows recovery too, other errors do not count', async t => {
  const { store, lines, hub, isChecking } = start(t)
  await t.rejects(hub.publish('a', null as never))
  t.equal(isChecking(), false)
  store.isFailing = true
  await t.rejects(hub.check())
  await hub.hold({ step: 'validate', body: '{}', reason: 'odd', digest: 'x' })
  t.equal(lines.length, 1)
})

t.test('stop() ends the checks', async t => {
  const { store, hub, stop, isChecking } = start(t)
  store.isFailing = true
  await t.rejects(hub.check())
  stop()
  t.equal(isChecking(), false)
})
