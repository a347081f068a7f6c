import t, { type Test } from 'tap'
import { ticket } from '../../src/cli/ticket.ts'
import { signTicket } from '../../src/ticket.ts'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { callbackBytes, sendRaw } from '../support/raw.ts'
import { inSeconds } from '../support/signing.ts'
import { watch } from '../support/sse.ts'

const KEY = 'the-first-key-of-this-relay-32-bytes-or-more'
const OLD_KEY = 'an-older-key-of-this-relay-32-bytes-or-more'
const env = { TICKET_KEYS: `${KEY}, ${OLD_KEY}` }

const run = (t: Test, ...args: string[]) => runCommand(t, runtimeCommand('src/bin.js', 'ticket', ...args), env)

t.test('the command `ticket` prints a ticket for the tasks, signed with the first key', async t => {
  const { code, output } = await run(t, '--task', 'a', '--task', 'b', '--ttl', '1m')
  const { url } = await startProcess(t, { TICKET_KEYS: KEY })

  t.equal(code, 0)
  for (const [task, status] of [['a', 200], ['b', 200], ['c', 403]] as const) {
    t.equal((await watch(t, `${url}/events/${task}?ticket=${output.trim()}`)).status, status)
  }
})

const lifetimes: Array<[args: string[], seconds: number]> = [
  [[], 600], [['--ttl', '30s'], 30], [['--ttl', '2h'], 7200], [['--ttl', '1d'], 86_400]
]

t.test('the command `ticket` obeys --ttl, whose default is 10 minutes', async t => {
  for (const [args, seconds] of lifetimes) {
    const output = await ticket(['--task', '*', ...args], env)
    const { tasks, exp } = JSON.parse(Buffer.from(output.split('.')[1] as string, 'base64url').toString())
    t.strictSame(tasks, ['*'])
    t.ok(Math.abs(exp - Date.now() / 1000 - seconds) < 5)
  }
})

t.test('the command `ticket` prints its help', async t => {
  t.match(await run(t, '--help'), { code: 0, output: /Usage: npx phrase-relay ticket --task/ })
})

const mistakes: Readonly<Record<string, [args: string[], env: Record<string, string>, message: RegExp]>> = {
  'without a key': [['--task', 'a'], { TICKET_KEYS: '' }, /TICKET_KEYS is empty/],
  'with a key that is too short': [['--task', 'a'], { TICKET_KEYS: 'tooshort' }, /TICKET_KEYS is malformed/],
  'without a task': [[], env, /--task is missing/],
  'for a malformed task id': [['--task', 'a b'], env, /--task is missing or malformed/],
  'for all tasks and one more': [['--task', '*', '--task', 'a'], env, /--task is missing or malformed/],
  'for zero minutes': [['--task', 'a', '--ttl', '0m'], env, /--ttl is "0m", expected/],
  'for a time without a unit': [['--task', 'a', '--ttl', '10'], env, /--ttl is "10", expected/],
  'with an unknown option': [['--task', 'a', '--key', 'x'], env, /Unknown option/]
}

for (const [name, [args, env, message]] of Object.entries(mistakes)) {
  t.test(`the command \`ticket\` ${name} fails with a reason`, async t => {
    await t.rejects(ticket(args, env), { message })
  })
}

t.test('the command `ticket` reports a mistake in one line', async t => {
  const command = runtimeCommand('src/bin.js', 'ticket', '--task', 'a')
  const output = await runCommand(t, command, { TICKET_KEYS: 'tooshort' })
  t.match(output, { code: 1, output: /^[^\n]*TICKET_KEYS[^\n]*\n$/ })
})

t.test('keys and tickets appear in no log line, answer or message', async t => {
  const relay = await startProcess(t, { ...env, LOG_LEVEL: 'trace' })
  const soon = inSeconds(60)
  const tickets = {
    good: await signTicket(KEY, ['a'], soon),
    old: await signTicket(OLD_KEY, ['a'], soon),
    ofAnotherTask: await signTicket(KEY, ['b'], soon),
    expired: await signTicket(KEY, ['a'], new Date(0)),
    forged: await signTicket('a-key-that-the-relay-does-not-know-at-all', ['a'], soon)
  }
  const answers: string[] = []
  await post(relay.url, phraseReady('a'))

  for (const ticket of Object.values(tickets)) {
    const query = `?ticket=${ticket}`
    const paths = ['/tasks/a', '/events/a+', '/events/%zz', '/nope', '/healthz'].map((path) => path + query)
    paths.push(`/events/a?until=done&lastEventId=x&ticket=${ticket}`)
    paths.push(`/tasks/a?ticket=x&ticket=${ticket}`, `/tasks/${ticket}`)
    for (const path of paths) {
      answers.push(await sendRaw(t, relay.url, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`))
    }
    for (const header of [`authorization: Bearer ${ticket}`, `cookie: ticket=${ticket}`, `x: ${ticket}\r\n\0`]) {
      const request = `GET /tasks/a HTTP/1.1\r\nhost: localhost\r\n${header}\r\nconnection: close\r\n\r\n`
      answers.push(await sendRaw(t, relay.url, request))
    }
    answers.push(await sendRaw(t, relay.url, callbackBytes('{', { authorization: `Bearer ${ticket}` })))
  }
  await relay.kill()
  const help = await runCommand(t, runtimeCommand('src/bin.js', '--help'), env)
  const wrong = await runCommand(t, runtimeCommand('src/bin.js'), { TICKET_KEYS: `${KEY},${KEY.slice(0, 31)}` })

  const texts = [relay.output(), help.output, wrong.output, ...answers].join('\n')
  const signatures = Object.values(tickets).map((ticket) => ticket.split('.')[2] as string)
  t.match(relay.output(), 'listening')
  t.match(texts, /HTTP\/1\.1 200 /)
  for (const secret of [KEY, OLD_KEY, KEY.slice(0, 31), ...signatures]) {
    t.notOk(texts.includes(secret), secret)
    // Node logs a packet as the numbers of its bytes.
    t.notOk(texts.includes([...Buffer.from(secret)].join()), secret)
  }
})
