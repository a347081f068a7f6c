import t from 'tap'
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

t.test('the command `ticket` prints a ticket for the tasks, signed with the first key', async t => {
  const { code, output } = await runCommand(t, runtimeCommand('src/bin.js', 'ticket', '--task', 'a', '--task', 'b', '--ttl', '1m'), env)
  const { url } = await startProcess(t, { TICKET_KEYS: KEY })

  t.equal(code, 0)
  for (const [task, status] of [['a', 200], ['b', 200], ['c', 403]] as const) {
    t.equal((await watch(t, `${url}/events/${task}?ticket=${output.trim()}`)).status, status)
  }
})

t.test('the command `ticket` makes a ticket good for as long as it is told, 10 minutes unless it is told', async t => {
  for (const [args, seconds] of [[[], 600], [['--ttl', '30s'], 30], [['--ttl', '2h'], 7200], [['--ttl', '1d'], 86_400]] as const) {
    const made = await ticket(['--task', '*', ...args], env)
    const { tasks, exp } = JSON.parse(Buffer.from(made.split('.')[1] as string, 'base64url').toString())
    t.strictSame(tasks, ['*'])
    t.ok(Math.abs(exp - Date.now() / 1000 - seconds) < 5)
  }
})

t.test('the command `ticket` prints its help', async t => {
  t.match(await runCommand(t, runtimeCommand('src/bin.js', 'ticket', '--help')), { code: 0, output: /Usage: npx phrase-relay ticket --task/ })
})

const mistakes: Readonly<Record<string, [args: string[], env: Record<string, string>, said: RegExp]>> = {
  'without a key': [['--task', 'a'], { TICKET_KEYS: '' }, /TICKET_KEYS is empty/],
  'with a key that is too short': [['--task', 'a'], { TICKET_KEYS: 'tooshort' }, /TICKET_KEYS is malformed/],
  'without a task': [[], env, /--task is missing/],
  'for a task id that is none': [['--task', 'a b'], env, /--task is missing or malformed/],
  'for all tasks and one more': [['--task', '*', '--task', 'a'], env, /--task is missing or malformed/],
  'for no time': [['--task', 'a', '--ttl', '0m'], env, /--ttl is "0m", expected/],
  'for a time without a unit': [['--task', 'a', '--ttl', '10'], env, /--ttl is "10", expected/],
  'with an option that is none': [['--task', 'a', '--key', 'x'], env, /Unknown option/]
}

for (const [what, [args, env, said]] of Object.entries(mistakes)) {
  t.test(`the command \`ticket\` ${what} says so and makes none`, async t => {
    await t.rejects(ticket(args, env), { message: said })
  })
}

t.test('the command `ticket` tells a mistake in one line', async t => {
  t.match(await runCommand(t, runtimeCommand('src/bin.js', 'ticket', '--task', 'a'), { TICKET_KEYS: 'tooshort' }), { code: 1, output: /^[^\n]*TICKET_KEYS[^\n]*\n$/ })
})

t.test('no key and no ticket is in what the process prints or answers, whatever is done with it', async t => {
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
    for (const path of [`/tasks/a${query}`, `/events/a+${query}`, `/events/%zz${query}`, `/nope${query}`, `/healthz${query}`, `/events/a?until=done&lastEventId=x&ticket=${ticket}`, `/tasks/a?ticket=x&ticket=${ticket}`, `/tasks/${ticket}`]) {
      answers.push(await sendRaw(t, relay.url, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`))
    }
    for (const header of [`authorization: Bearer ${ticket}`, `cookie: ticket=${ticket}`, `x: ${ticket}\r\n\0`]) {
      answers.push(await sendRaw(t, relay.url, `GET /tasks/a HTTP/1.1\r\nhost: localhost\r\n${header}\r\nconnection: close\r\n\r\n`))
    }
    answers.push(await sendRaw(t, relay.url, callbackBytes('{', { authorization: `Bearer ${ticket}` })))
  }
  await relay.kill()
  const help = await runCommand(t, runtimeCommand('src/bin.js', '--help'), env)
  const wrong = await runCommand(t, runtimeCommand('src/bin.js'), { TICKET_KEYS: `${KEY},${KEY.slice(0, 31)}` })

  const said = [relay.output(), help.output, wrong.output, ...answers].join('\n')
  t.match(relay.output(), 'listening')
  t.match(said, /HTTP\/1\.1 200 /)
  for (const secret of [KEY, OLD_KEY, KEY.slice(0, 31), ...Object.values(tickets).map((ticket) => ticket.split('.')[2] as string)]) {
    t.notOk(said.includes(secret), secret)
    // A packet would be logged as the numbers of its bytes.
    t.notOk(said.includes([...Buffer.from(secret)].join()), secret)
  }
})
