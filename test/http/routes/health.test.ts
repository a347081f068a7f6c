import t from 'tap'
import { mountRelay } from '../../support/relay-with.ts'
import { startRelay } from '../../support/relay.ts'
import { failingStore } from '../../support/stores.ts'

t.test('health: /healthz and /readyz answer 200 on a healthy relay', async t => {
  const { url } = await startRelay(t)
  for (const path of ['/healthz', '/readyz']) {
    const response = await fetch(url + path)
    t.equal(response.status, 200)
    t.strictSame(await response.json(), { status: 'ok' })
  }
})

t.test('health: /readyz is a 503 without the store, /healthz is not', async t => {
  const store = failingStore()
  const { url } = await mountRelay(t, store)
  store.isFailing = true
  const response = await fetch(`${url}/readyz`)
  t.equal(response.status, 503)
  t.equal(response.headers.get('retry-after'), '5')
  t.match(await response.json(), { code: 'STORE_UNAVAILABLE', detail: /the store is unavailable/ })
  t.equal((await fetch(`${url}/healthz`)).status, 200)

  store.isFailing = false
  t.equal((await fetch(`${url}/readyz`)).status, 200)
})
