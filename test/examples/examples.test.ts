import { spawn } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createElement } from 'react'
import t from 'tap'
import { draft } from '../../src/conformance/drafts.ts'
import { memoryStore, type EventStore } from '../../src/index.ts'
import { startAsking, startSandbox } from '../support/asking.ts'
import { phraseReady, post, voiceReady } from '../support/callbacks.ts'
import { noChromium, startChromium } from '../support/chromium.ts'
import { ROOT } from '../support/docs.ts'
import { copyExamples, importExample } from '../support/examples.ts'
import { freePort } from '../support/port.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { startRelay, temporaryFolder } from '../support/relay.ts'
import { watch } from '../support/sse.ts'
import { startServer } from '../support/server.ts'

const onDeno = 'Deno' in globalThis

/** Prepares the examples for a relay at `url` and returns their folder. */
function examplesFor (t: Parameters<typeof copyExamples>[0], url: string): string {
  const folder = copyExamples(t)
  for (const file of ['browser/watch.js', 'client.js']) {
    const path = join(folder, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace('http://127.0.0.1:3000', url))
  }
  return folder
}

t.test('examples: browser/watch.js prints the phrase', async t => {
  const relay = await startProcess(t)
  const file = join(examplesFor(t, relay.url), 'browser/watch.js')
  await post(relay.url, phraseReady('demo', 'Read me'))

  const command = onDeno ? runtimeCommand(file) : runtimeCommand('--experimental-eventsource', '--no-warnings', file)

  t.strictSame(await runCommand(t, command), { code: 0, output: 'Please read aloud: Read me\n' })
})

t.test('examples: browser/index.html prints the phrase in Chromium', { skip: noChromium }, async t => {
  const relay = await startRelay(t, { CORS_ORIGINS: ['*'] })
  const folder = join(examplesFor(t, relay.url), 'browser')
  const types: Record<string, string> = { html: 'text/html', js: 'text/javascript' }
  const { url } = await startServer(t, (request, response) => {
    const name = request.url === '/watch.js' ? 'watch.js' : 'index.html'
    response.setHeader('content-type', types[name.split('.')[1] as string] as string)
    response.end(readFileSync(join(folder, name)))
  })
  await post(relay.url, phraseReady('demo', 'Read me'))
  const page = await (await (await startChromium(t)).profile(t)).newPage()
  const message = page.waitForEvent('console', (one) => one.text().startsWith('Please'))

  await page.goto(url)

  t.equal((await message).text(), 'Please read aloud: Read me')
})

t.test('examples: client.js prints the phrase and every event', async t => {
  const relay = await startProcess(t)
  const file = join(examplesFor(t, relay.url), 'client.js')
  await post(relay.url, phraseReady('demo', 'Read me'))
  const [program, ...args] = runtimeCommand(file) as [string, ...string[]]
  const child = spawn(program, args)
  t.teardown(() => { child.kill() })
  const lines: string[] = []

  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === 1) await post(relay.url, voiceReady('demo'), { step: 'generate' })
  }

  t.match(lines, [/^Read me received at 2\S+Z$/, /^\S+\.1 phrase-ready$/, /^\S+\.2 voice-ready$/])
})

t.test('examples: asking/backend.js and asking/page.js bring a phrase', async t => {
  const sandbox = await startSandbox(t)
  const token = 'an-api-token-of-at-least-32-characters'
  const relay = await startAsking(t, sandbox.url, { API_TOKENS: [token] })
  const folder = copyExamples(t)
  const [port, page] = [await freePort(), join(folder, 'asking/page.js')]
  const backend = `http://127.0.0.1:${port}/phrase`
  writeFileSync(page, readFileSync(page, 'utf8').replace('/phrase', backend))
  const [program, ...args] = runtimeCommand(join(folder, 'asking/backend.js')) as [string, ...string[]]
  const env = { ...process.env, RELAY: relay.url, API_TOKEN: token, PORT: String(port) }
  const child = spawn(program, args, { env, stdio: 'ignore' })
  t.teardown(() => { child.kill() })
  const ask = (): Promise<Response> => fetch(backend, { method: 'POST', body: '{}' }).catch(ask)
  const refused = await ask()
  t.match([refused.status, await refused.text()], [400, /voiceUrl/])

  const command = onDeno ? runtimeCommand(page) : runtimeCommand('--experimental-eventsource', '--no-warnings', page)
  const { output } = await runCommand(t, command)

  t.match(output, /^Read aloud: \w.*\n$/)
})

t.test('examples: react/phrase.ts shows the phrase', async t => {
  const { url } = await startRelay(t)
  const { Phrase } = await importExample<{ Phrase: unknown }>(t, 'react/phrase.ts')
  const { create } = (await import('react-test-renderer' as string)).default
  const root = create(createElement(Phrase as 'p', { taskId: 'a', relay: url } as object))
  t.teardown(() => root.unmount())
  t.match(root.toJSON(), { type: 'p', children: ['waiting'] })

  await post(url, phraseReady('a', 'Read me'))
  while (root.toJSON().type !== 'q') await nextTurn()

  t.match(root.toJSON(), { children: ['Read me'] })
})

t.test('examples: ticket.js signs a ticket for one task', async t => {
  process.env.TICKET_KEYS = 'a-key-of-at-least-32-characters-for-tickets'
  const { makeTicket } = await importExample<{ makeTicket (taskId: string): Promise<string> }>(t, 'ticket.js')
  const { url } = await startProcess(t, { TICKET_KEYS: process.env.TICKET_KEYS })

  t.equal((await watch(t, `${url}/events/a?ticket=${await makeTicket('a')}`)).status, 200)
  t.equal((await watch(t, `${url}/events/b?ticket=${await makeTicket('a')}`)).status, 403)
})

t.test('examples: archive.ts writes every event to the archive, each once', async t => {
  type Example = { withArchive (store: EventStore, file: string): EventStore }
  const { withArchive } = await importExample<Example>(t, 'archive.ts')
  const archive = join(temporaryFolder(t), 'archive.jsonl')
  const store = withArchive(memoryStore(), archive)
  t.teardown(() => store.close())

  const { event } = await store.append('a', draft('equal'))
  await store.append('a', draft('equal'))
  const held = { step: 'validate', body: '{}', reason: 'a test', digest: 'held' } as const
  await store.quarantine.hold(held)
  const released = await store.quarantine.release(1, 'b', draft('released'))
  await store.submissions.watch({ id: 's', taskId: 'c', step: 'validate' }, { askAfterMs: 0, giveUpMs: 1000 })
  const overdue = await store.submissions.overdue('s', { ...draft('overdue'), event: 'task-overdue' })
  await store.submissions.answer('s', { nextMs: 1 })
  const timeout = await store.submissions.giveUp('s', { ...draft('timeout'), event: 'task-timeout' })

  const lines = readFileSync(archive, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  t.strictSame(lines, [event, released?.event, overdue?.event, timeout?.event])
})

t.test('examples: a test runs every file', async t => {
  const tests = globSync('test/{examples/*,package}.test.ts', { cwd: ROOT })
    .map((file) => readFileSync(ROOT + file, 'utf8')).join('')
  const files = globSync('examples/**/*.{ts,js,html}', { cwd: ROOT }).map((file) => file.slice('examples/'.length))
  t.strictSame(files.filter((file) => !tests.includes(file)), [])
})
