import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import t from 'tap'
import { signTicket, ticketCheck } from '../src/ticket.ts'
import { inSeconds } from './support/signing.ts'

const KEY = 'an old key of the relay, 32 bytes or more'
const NEW_KEY = 'a new key of the relay, 32 bytes or more'
const checkAll = ticketCheck([NEW_KEY, KEY])
const check = (ticket: string, taskId: string) => checkAll([ticket], [taskId])

const soon = () => inSeconds(60)
const sign = (claims: JWTPayload, key = KEY, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(Buffer.from(key))
const inAMinute = () => soon().getTime() / 1000

t.test('ticketCheck() resolves with Infinity without keys', async t => {
  t.equal(await ticketCheck([])([], ['a']), Infinity)
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

t.test('ticketCheck() accepts several tasks that one ticket or several cover, until the first expires', async t => {
  const [first, later] = [soon(), inSeconds(90)]
  const [one, other] = await Promise.all([signTicket(KEY, ['a', 'b'], later), signTicket(NEW_KEY, ['c'], first)])

  t.equal(await checkAll([one], ['a', 'b']), later.getTime())
  t.equal(await checkAll([one, other], ['c', 'b', 'a']), first.getTime())
  t.equal(await checkAll([await signTicket(KEY, ['*'], later), other], ['x', 'y']), first.getTime())
})

t.test('ticketCheck() refuses several tasks if one is not covered, and names it', async t => {
  const [one, other] = await Promise.all([signTicket(KEY, ['a', 'b'], soon()), signTicket(KEY, ['c'], soon())])

  await t.rejects(checkAll([one], ['a', 'c', 'b']), {
    code: 'TASK_FORBIDDEN', message: 'Cannot show the task c: the ticket is for other tasks'
  })
  await t.rejects(checkAll([one, other], ['a', 'd']), { code: 'TASK_FORBIDDEN' })
})

t.test('ticketCheck() refuses several tickets if one is wrong', async t => {
  const wrong = await signTicket('a key that the relay does not know at all', ['b'], soon())
  await t.rejects(checkAll([await signTicket(KEY, ['a', 'b'], soon()), wrong], ['a']), { code: 'TICKET_INVALID' })
})

t.test('ticketCheck() accepts a ticket for 50 tasks with the longest ids', async t => {
  const tasks = Array.from({ length: 50 }, (_, n) => String(n).padStart(128, 'x'))
  await t.resolves(checkAll([await signTicket(KEY, tasks, soon())], tasks))
})

t.test('ticketCheck() refuses a request without a ticket', async t => {
  for (const tickets of [[], ['']]) await t.rejects(checkAll(tickets, ['a']), { code: 'TICKET_INVALID' })
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

    await t.rejects(check([await make()], ['a']), { code: 'TICKET_INVALID' })
  })
}

t.test('ticketCheck() refuses a ticket of more than 9,216 characters, and verifies no forged one', async t => {
  const long = await signTicket(KEY, Array.from({ length: 800 }, (_, n) => `task-${n}`), soon())
  t.ok(long.length > 9216)
  await t.rejects(check(long, 'task-1'), { code: 'TICKET_INVALID' })

  const verify = t.capture(crypto.subtle, 'verify', crypto.subtle.verify)
  const forged = await signTicket('a key that the relay does not know at all', ['a'], soon())
  verify()
  await t.rejects(check(forged, 'a'), { code: 'TICKET_INVALID' })
  t.equal(verify().length, 0)
})
