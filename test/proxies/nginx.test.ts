import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { freePort } from '../support/port.ts'
import { codeBlock } from '../support/docs.ts'
import { lacks, startNginx } from '../support/proxies.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'

const block = codeBlock('docs/deploy.md', 'nginx')
const skip = lacks('nginx', '-v')
const skipBlock = skip || noChromium || lacks('openssl', 'version')

for (const [name, directives, encoding] of [
  ['with its defaults, which buffer', '', null],
  ['with gzip for everything', 'gzip on; gzip_types *; gzip_min_length 0;', 'gzip']
] as const) {
  t.test(`nginx ${name} passes each frame on immediately`, { skip }, async t => {
    const relay = await startRelay(t)
    const port = await freePort()
    await startNginx(t, `${directives} server { listen 127.0.0.1:${port}; location / { proxy_pass ${relay.url}; } }`)
    const stream = await watch(t, `http://127.0.0.1:${port}/events/a`)

    t.equal(stream.headers.get('content-encoding'), encoding)
    t.equal((await stream.next()).event, 'subscribed')
    for (const phrase of ['First', 'Second']) {
      await post(relay.url, phraseReady('a', phrase))
      t.equal((await stream.next()).data.validateInfo, phrase)
    }
  })
}

t.test('nginx as documented: twenty streams of a browser share a connection', { skip: skipBlock }, async t => {
  const relay = await startRelay(t)
  const port = await freePort()
  const folder = temporaryFolder(t)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', certificate]
  const openssl = spawnSync('openssl', ['req', '-x509', ...algorithm, '-subj', '/CN=localhost', ...files])
  t.equal(openssl.status, 0, 'openssl creates a certificate')
  const log = join(folder, 'access.log')
  const server = block
    .replace('/var/log/nginx/relay.log', log)
    .replace('443', `127.0.0.1:${port}`)
    .replace(/(?<=ssl_certificate ).*(?=;)/, certificate)
    .replace(/(?<=ssl_certificate_key ).*(?=;)/, key)
    .replace('http://127.0.0.1:3000', relay.url)
  await startNginx(t, `add_header x-connection $connection;\n${server}`)
  const { open } = await startChromium(t)
  const page = await open(t, `https://127.0.0.1:${port}/`)
  const connections = new Set<string | undefined>()
  page.on('response', (response) => connections.add(response.headers()['x-connection']))

  await page.evaluate(() => {
    const sources = Array.from({ length: 20 }, (_, task) => new EventSource(`events/${task}`))
    const next = (source: EventSource, name: string) => new Promise((resolve) => source.addEventListener(name, resolve))
    const heard = (name: string) => Promise.all(sources.map((source) => next(source, name)))
    Object.assign(globalThis, { phrases: heard('phrase-ready') })
    return heard('subscribed').then(() => {})
  })
  await Promise.all(Array.from({ length: 20 }, (_, task) => post(relay.url, phraseReady(String(task)))))
  await page.evaluate(() => (globalThis as any).phrases.then(() => {}))

  t.equal(connections.size, 1)

  const statuses = await page.evaluate(() => {
    const paths = ['/metrics', '/metrics/', '//metrics', '/tasks/0?ticket=secret']
    return Promise.all(paths.map(async (path) => (await fetch(location.origin + path)).status))
  })
  t.strictSame(statuses, [404, 404, 404, 200])
  const lines = readFileSync(log, 'utf8')
  t.match(lines, /"GET \/tasks\/0" 200/)
  t.notMatch(lines, /secret|\?/)
})
