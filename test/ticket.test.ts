import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import t from 'tap'
import { signTicket, ticketCheck } from '../src/ticket.ts'
import { inSeconds } from './support/signing.ts'

const KEY = 'an old key of the relay, 32 bytes or more'
const NEW_KEY = 'a new key of the relay, 32 bytes or more'
const check = ticketCheck([NEW_KEY, KEY])

const soon = () => inSeconds(60)
const sign = (claims: JWTPayload, key = KEY, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(Buffer.from(key))
const inAMinute = () => soon().getTime() / 1000

t.test('ticketCheck() resolves with Infinity without keys', async t => {
  t.equal(await ticketCheck([])(undefined, 'a'), Infinity)
})

t.test('ticketCheck() resolves with the expiry of the ticket', async t => {
  const expires = soon()

  t.equal(await check(await signTicket(KEY, ['a', 'b'], expires), 'b'), expires.getTime())
})

t.test('ticketCheck() accepts a ticket signed with any of the keys', async t => {
  for (const key of [KEY, NEW_KEY]) await t.resolves(check(await signTicket(key, ['a'], soon()), 'a'), key)
})

t.test('ticketCheck() accepts a ticket for all tasks', async t => {
  await t.resolves(check(await signTicket(KEY, ['*'], soon()), 'any'))
})

t.test('ticketCheck() refuses a ticket for other tasks', async t => {
  for (const tasks of [['b'], ['aa', 'A', 'a.']]) {
    await t.rejects(check(await signTicket(KEY, tasks, soon()), 'a'), { code: 'TASK_FORBIDDEN' })
  }
})

t.test('ticketCheck() refuses a request without a ticket', async t => {
  for (const ticket of [undefined, '']) await t.rejects(check(ticket, 'a'), { code: 'TICKET_INVALID' })
})

const bad: Readonly<Record<string, () => Promise<string> | string>> = {
  'that has expired': () => signTicket(KEY, ['a'], new Date(Date.now() - 1000)),
  'of another key': () => signTicket('a key that the relay does not know at all', ['a'], soon()),
  'without an expiry': () => sign({ tasks: ['a'] }),
  'whose expiry is not a number': () => sign({ tasks: ['a'], exp: 'tomorrow' as unknown as number }),
  'without tasks': () => sign({ exp: inAMinute() }),
  'with an empty list of tasks': () => sign({ tasks: [], exp: inAMinute() }),
  'whose tasks are a text': () => sign({ tasks: 'a', exp: inAMinute() }),
  'for all tasks and one more': () => sign({ tasks: ['*', 'a'], exp: inAMinute() }),
  'that is not valid yet': () => sign({ tasks: ['a'], exp: inAMinute(), nbf: inAMinute() }),
  'of HS384': () => sign({ tasks: ['a'], exp: inAMinute() }, KEY.repeat(2), 'HS384'),
  'of HS512 with a key of ours': () => sign({ tasks: ['a'], exp: inAMinute() }, KEY.padEnd(64, '!'), 'HS512'),
  'without a signature': () => new UnsecuredJWT({ tasks: ['a'], exp: inAMinute() }).encode(),
  'whose claims were changed': async () => {
    const [head, , signature] = (await signTicket(KEY, ['b'], soon())).split('.')
    return [
      head, Buffer.from(JSON.stringify({ tasks: ['a'], exp: inAMinute() })).toString('base64url'), signature
    ].join('.')
  },
  'that is not a JWT': () => 'ticket'
}

for (const [what, make] of Object.entries(bad)) {
  t.test(`ticketCheck() refuses a ticket ${what}`, async t => {
    const check = ticketCheck([KEY, KEY.repeat(2), KEY.padEnd(64, '!')])

    await t.rejects(check(await make(), 'a'), { code: 'TICKET_INVALID' })
  })
}

t.test('ticketCheck() refuses a ticket of more than 4,096 characters, and verifies no forged one', async t => {
  const long = await signTicket(KEY, Array.from({ length: 400 }, (_, n) => `task-${n}`), soon())
  t.ok(long.length > 4096)
  await t.rejects(check(long, 'task-1'), { code: 'TICKET_INVALID' })

  const verify = t.capture(crypto.subtle, 'verify', crypto.subtle.verify)
  const forged = await signTicket('a key that the relay does not know at all', ['a'], soon())
  verify()
  await t.rejects(check(forged, 'a'), { code: 'TICKET_INVALID' })
  t.equal(verify().length, 0)
})
