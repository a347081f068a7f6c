import { once } from 'node:events'
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { readConfig } from '../../src/config.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { codeBlocks, DOCUMENTS, ROOT, type CodeBlock } from '../support/docs.ts'
import { runCommand, startProcess } from '../support/process.ts'
import { lacks } from '../support/proxies.ts'
import { databasePath } from '../support/sqlite.ts'
import { watch } from '../support/sse.ts'

const BLOCKS = DOCUMENTS.flatMap(codeBlocks)
const EXAMPLES = globSync('examples/**/*.{ts,js}', { cwd: ROOT }).map((file) => readFileSync(ROOT + file, 'utf8'))
const at = (code: string, url: string) => code.replaceAll('http://127.0.0.1:3000', url)
const block = (start: string) => BLOCKS.find(({ code }) => code.startsWith(start))?.code as string
const sh = (t: Test, code: string, env: Record<string, string> = {}) => runCommand(t, ['sh', '-c', code], env)
const noOpenssl = lacks('openssl', 'version')

/** Runs a block; the key is how its code starts. */
const RUNS: Record<string, { skip?: string | false, run (t: Test, code: string): Promise<void> }> = {
  'npm ci && npm start': {
    async run (t) {
      const relay = await startProcess(t, {}, ['npm', 'start', '--silent'])
      await relay.kill()
      await t.rejects(fetch(`${relay.url}/healthz`), 'SIGTERM to npm stops the server too')
    }
  },

  'curl -N': {
    async run (t, code) {
      const relay = await startProcess(t)
      const watching = sh(t, `${at(code, relay.url).trim()} --silent --max-time 5`)
      const { output } = await sh(t, at(block('curl http'), relay.url))
      t.match(output, '"received":true')
      t.match((await watching).output, /event: ?phrase-ready\nid: ?[\w-]+\.1\ndata: ?\{.*Silver rivers/)
    }
  },

  'CALLBACK_TOKENS=': {
    skip: noOpenssl,
    async run (t, code) {
      const { url } = await startProcess(t, {}, ['sh', '-c', code])
      t.equal((await post(url, phraseReady('a'))).status, 401)
    }
  },

  'openssl rand': {
    skip: noOpenssl,
    async run (t, code) {
      const { output } = await sh(t, code)
      t.strictSame(readConfig({ TICKET_KEYS: output.trim() }).TICKET_KEYS, [output.trim()])
      t.ok(readConfig({ CALLBACK_TOKENS: output.trim(), WEBHOOK_HMAC_KEYS: output.trim() }))
    }
  },

  'echo whsec_': {
    skip: noOpenssl,
    async run (t, code) {
      const { output } = await sh(t, code)
      t.strictSame(readConfig({ WEBHOOK_HMAC_KEYS: output.trim() }).WEBHOOK_HMAC_KEYS, [output.trim()])
    }
  },

  'TICKET_KEYS=': {
    skip: noOpenssl,
    async run (t, code) {
      const { output } = await sh(t, code)
      t.match(JSON.parse(Buffer.from(output.split('.')[1] as string, 'base64url').toString()), { tasks: ['my-task'] })
    }
  },

  'deno task start': {
    async run (t) {
      const store = `data/docs-${process.pid}.db`
      t.teardown(() => { for (const end of ['', '-wal', '-shm']) rmSync(join(ROOT, store + end), { force: true }) })
      const relay = await startProcess(t, { STORE_URL: `sqlite:${store}` }, ['node_modules/deno/deno', 'task', 'start'])

      await post(relay.url, phraseReady('a', 'Read me'))
      const stream = await watch(t, `${relay.url}/events/a`)
      await stream.next()

      t.equal((await stream.next()).data.validateInfo, 'Read me')
      t.ok(existsSync(join(ROOT, store)))
      process.kill(relay.child.pid as number)
      await once(relay.child, 'close')
    }
  },

  'npm start -s -- quarantine list': {
    async run (t, code) {
      const env = { STORE_URL: `sqlite:${databasePath(t)}`, CALLBACK_TOKENS: 'a-token-of-the-sender' }
      const relay = await startProcess(t, env)
      await post(relay.url, '{"code":200}', { query: `?token=${env.CALLBACK_TOKENS}` })

      t.match(await sh(t, code, env), { code: 0, output: /^1\t.*\tregenerate\t12\t/ })
      const more = block('npm start -s -- quarantine show').replaceAll(' 7 ', ' 1 ').trim().split('\n')
      const outputs = ['{"code":200}\n', /^1\tstays: /, '1\tdropped\n']
      for (const [i, line] of more.entries()) t.match(await sh(t, line, env), { code: 0, output: outputs[i] })
    }
  },

  'npm start -s -- status': {
    async run (t, code) {
      const taskId = code.trim().split(' ').at(-1) as string
      const relay = await startProcess(t, { ADMIN_TOKEN: 't'.repeat(32) })
      await post(relay.url, phraseReady(taskId))
      const env = { ADMIN_TOKEN: 't'.repeat(32), PORT: new URL(relay.url).port }
      const { output } = await sh(t, code, env)
      t.match(output, new RegExp(`^ready +yes\n[^]*TASK +STATE +STEP +AGE\ntask +${taskId}\n[^]*phrase-ready`))
    }
  },

  'npm start -s -- backup': {
    async run (t, code) {
      const path = databasePath(t)
      const env = { STORE_URL: `sqlite:${path}` }
      const relay = await startProcess(t, env)
      await post(relay.url, phraseReady('a'))
      const file = `${path}-backup`
      t.match(await sh(t, code.replace('relay-backup.db', file), env), { code: 0, output: `${file}\n` })

      const restored = await startProcess(t, { STORE_URL: `sqlite:${file}` })
      t.equal((await fetch(`${restored.url}/tasks/a`)).status, 200)
    }
  },

  'npm start -s -- erase': {
    async run (t, code) {
      const env = { STORE_URL: `sqlite:${databasePath(t)}` }
      const { url } = await startProcess(t, env)
      const taskId = code.trim().split(' ').at(-1) as string
      await post(url, phraseReady(taskId))
      t.match(await sh(t, code, env), { code: 0, output: `${taskId}\t1 events\t` })
      t.equal((await fetch(`${url}/tasks/${taskId}`)).status, 404)
    }
  }
}

/** Blocks that other tests run, by how they start. */
const RUN_ELSEWHERE: Record<string, string> = {
  'curl http://127.0.0.1:3000/callback': 'test/docs/commands.test.ts',
  'npm start -s -- quarantine show': 'test/docs/commands.test.ts',
  'npm install phrase-relay fastify': 'test/package.test.ts',
  'npm run demo': 'test/e2e/demo.test.ts',
  'deno add jsr:': 'test/jsr.test.ts',
  'npm version minor': 'test/docs/release.test.ts',
  'relay.example {': 'test/proxies/caddy.test.ts',
  'log_format no_query': 'test/proxies/nginx.test.ts'
}

/**
 * Blocks that no test runs: they need a phone, a registry of images, or many minutes. A test checks the scripts and
 * files that they name.
 */
const NOT_RUN = [
  /^import LDSwiftEventSource/, /^import com\.launchdarkly/, /^npm (?:ci\n|run)\b/, /^docker build/, /^RELAY_HOST=/,
  /docker compose (?:--profile \w+ )?up/
]

for (const [start, { skip = false, run }] of Object.entries(RUNS)) {
  t.test(`documents: ${start}… does what the text says`, { skip }, async t => run(t, block(start)))
}

t.test('documents: a test runs every block of code', async t => {
  const starts = Object.keys({ ...RUNS, ...RUN_ELSEWHERE })
  const isRun = ({ code }: CodeBlock) => starts.some((start) => code.startsWith(start)) ||
    NOT_RUN.some((start) => start.test(code)) || EXAMPLES.includes(code)
  t.strictSame(BLOCKS.filter((one) => !isRun(one)).map(({ file, firstLine }) => `${file}: ${firstLine}`), [])
  t.ok(Object.values(RUN_ELSEWHERE).every((file) => existsSync(ROOT + file)))
  t.strictSame(starts.filter((start) => !block(start)), [], 'and no other')
})

t.test('documents: every npm script and every file that a command names exists', async t => {
  const commands = BLOCKS.filter(({ language }) => language === 'sh').map(({ code }) => code).join('\n')
  const scripts = [...commands.matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, name]) => name as string)
  const files = [...commands.matchAll(/\bnode ([\w./-]+)/g)].map(([, file]) => file as string)
  const builtIn = ['ci', 'install', 'version']
  t.strictSame(scripts.filter((name) => !(name in packageJson.scripts) && !builtIn.includes(name)), [])
  t.strictSame(files.filter((file) => !existsSync(ROOT + file)), [])
})
