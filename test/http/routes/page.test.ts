import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { Config } from '../../../schemas/config.ts'
import { page, type PageOptions } from '../../../src/http/routes/page.ts'
import { createHub, localBus, memoryStore, phraseRelay } from '../../../src/index.ts'
import { sendRaw } from '../../support/raw.ts'
import { startRelay, temporaryFolder } from '../../support/relay.ts'

const TYPES: Readonly<Record<string, string>> = {
  '': 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml'
}

const NONE = { openCallbacks: false, openSubmissions: false, tickets: false, tokens: false, publicUrl: '' }

async function listen (t: Test, options: PageOptions, host: string): Promise<string> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(page, options)
  return app.listen({ host, port: 0 })
}

async function text (url: string): Promise<string> {
  return (await fetch(url)).text()
}

t.test('page: every file has its type, its tag and its policy', async t => {
  const { url } = await startRelay(t)
  const names = ['', ...(await text(url)).matchAll(/(?:src|href)="(web\/[^"]+)"/g)].map((match) => match[1] ?? '')

  for (const name of names) {
    const { status, headers } = await fetch(`${url}/${name}`)
    t.equal(status, 200, name)
    t.equal(headers.get('content-type'), TYPES[name.split('.')[1] ?? ''])
    t.match(
      headers.get('content-security-policy'),
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'/
    )
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.equal(headers.get('referrer-policy'), 'no-referrer')
    t.equal(headers.get('cache-control'), 'no-cache')
  }
})

t.test('page: has no script, style or address of another host in its markup', async t => {
  const { url } = await startRelay(t)
  const html = await text(url)

  t.notMatch(html, /<script(?![^>]*src=)|<style|style=|\son\w+=/)
  t.notMatch(html, /(?:src|href)="(?!web\/)/)
})

t.test('page: a known tag is answered 304, weak tags of proxies included', async t => {
  const { url } = await startRelay(t)
  const etag = (await fetch(url)).headers.get('etag') ?? ''

  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
    t.equal((await fetch(url, { headers: { 'if-none-match': tag } })).status, 304)
  }
  t.equal((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status, 200)
})

t.test('page: offers a sample only if callbacks are open and the server listens on loopback only', async t => {
  const [closed, open, wide] = await Promise.all([
    listen(t, NONE, '127.0.0.1'),
    listen(t, { ...NONE, openCallbacks: true }, '127.0.0.1'),
    listen(t, { ...NONE, openCallbacks: true }, '0.0.0.0')
  ])

  t.match(await text(closed), 'data-sample="no"')
  t.match(await text(open), 'data-sample="yes"')
  t.match(await text(wide.replace('0.0.0.0', '127.0.0.1')), 'data-sample="no"')
})

t.test('page: offers a submission to loopback names only, and without API tokens', async t => {
  async function offered (config: Partial<Config>, host = 'localhost'): Promise<boolean> {
    const { app } = await startRelay(t, config)
    const { body } = await app.inject({ url: '/', headers: { host } })
    return body.includes('data-submit="yes"')
  }
  const SUNO_API_KEY = 'sk-test'

  t.equal(await offered({ SUNO_API_KEY }), true)
  t.equal(await offered({ SUNO_API_KEY, PUBLIC_URL: 'http://localhost:3000' }), true)
  t.equal(await offered({ SUNO_API_KEY }, 'relay.example'), false, 'a tunnel')
  t.equal(await offered({ SUNO_API_KEY, API_TOKENS: ['t'.repeat(32)] }), false)
  t.equal(await offered({ SUNO_API_KEY, API_TOKENS: ['t'.repeat(32)], HOST: '0.0.0.0' }), false)
  t.equal(await offered({}), false)
})

t.test('page: offers no submission under another name than a loopback one', async t => {
  const options = { openCallbacks: true, openSubmissions: true, tickets: false, tokens: false, publicUrl: '' }
  const url = await listen(t, options, '127.0.0.1')
  const get = (host: string) => sendRaw(t, url, `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  t.match(await get('localhost'), 'data-sample="yes" data-submit="yes"')
  t.match(await get('relay.example'), 'data-sample="yes" data-submit="no"')
})

t.test('page: offers no sample but a ticket field if the configuration requires proof', async t => {
  const { url } = await startRelay(t, { CALLBACK_TOKENS: ['a-token-of-the-sender'], TICKET_KEYS: ['k'.repeat(32)] })
  t.match(await text(url), 'data-sample="no" data-submit="no" data-tickets="yes" data-tokens="yes"')
})

t.test('page: offers neither a sample nor a submission on a Unix socket', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const publicUrl = 'https://relay.example'
  await app.register(page, { ...NONE, openCallbacks: true, openSubmissions: true, publicUrl })
  await app.listen({ path: join(temporaryFolder(t), 'relay.sock') })

  const { body } = await app.inject('/')
  t.match(body, 'data-sample="no" data-submit="no" data-tickets="no" data-tokens="no" data-public=""')
})

t.test('page: names the public URL to loopback names only, and says whether callbacks may carry a token', async t => {
  const PUBLIC_URL = 'https://relay.example/a"&b/'
  const { app } = await startRelay(t, { PUBLIC_URL, CALLBACK_TOKENS: ['a-token-of-the-sender'] })
  const page = async (host: string) => (await app.inject({ url: '/', headers: { host } })).body

  t.match(await page('localhost'), 'data-tokens="yes" data-public="https://relay.example/a&quot;&amp;b">')
  t.match(await page('relay.example'), 'data-tokens="yes" data-public="">')
  t.notMatch(await page('localhost'), 'a-token-of-the-sender')
})

t.test('page: below a prefix, the path without a slash redirects to the path with one', async t => {
  const app = Fastify()
  await app.register(phraseRelay, { prefix: '/relay', hub: createHub({ store: memoryStore(), bus: localBus() }) })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0 })

  for (const query of ['', '?task=a']) {
    const { headers } = await fetch(`${url}/relay${query}`, { redirect: 'manual' })
    t.equal(new URL(headers.get('location') ?? '', `${url}/relay`).href, `${url}/relay/${query}`)
  }
  t.equal((await fetch(`${url}/relay/web/page.js`)).status, 200)
})
