import t from 'tap'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { startRelay } from '../../support/relay.ts'
import { mountRelay } from '../../support/relay-with.ts'

const TOKEN = 't'.repeat(32)

t.test('admin page: its files are of this server, under a strict policy', async t => {
  const { url } = await startRelay(t)
  const page = await fetch(`${url}/admin`)
  const html = await page.text()
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self'; /)
  t.notMatch(html, /<script(?![^>]*src=)|<style|style=|\son\w+=/)
  const names = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string)
  t.ok(names.length > 5)
  for (const name of names) {
    t.match(name, /^web\//)
    const { status, headers } = await fetch(`${url}/${name}`)
    t.equal(status, 200, name)
    t.match(headers.get('content-security-policy'), /^default-src 'none'/)
  }
})

t.test('admin page: asks for a token if there is one', async t => {
  const [without, withToken] = [await startRelay(t), await startRelay(t, { ADMIN_TOKEN: TOKEN })]
  t.match(await (await fetch(`${without.url}/admin`)).text(), 'data-token="no"')
  t.match(await (await fetch(`${withToken.url}/admin`)).text(), 'data-token="yes"')
})

t.test('admin page: the path with a slash leads to the one without, also below a prefix', async t => {
  const { url } = await startRelay(t)
  t.equal(new URL((await fetch(`${url}/admin/`)).url).pathname, '/admin')
  const mounted = await mountRelay(t, memoryStore(), { prefix: '/relay' })
  t.equal((await fetch(`${mounted.url}/relay/admin`)).status, 200)
  t.equal((await fetch(`${mounted.url}/relay/web/admin/main.js`)).status, 200)
  t.equal((await fetch(`${mounted.url}/relay/admin/api/status`)).status, 200)
})
