import { SignJWT } from 'jose'
import t from 'tap'
import { createReservations } from '../../src/asking/reservation.ts'

const KEY = 'k'.repeat(43)
const LATER = new Date(Date.now() + 60_000)
const reservations = createReservations(async () => KEY)
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const jwt = (claims: object, key = KEY, alg = 'HS256') =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key))

t.test('createReservations() signs tokens that name the reservation, for one step', async t => {
  const token = await reservations.sign('r1', 'validate', LATER)
  t.equal(await reservations.verify(token, 'validate'), 'r1')
  t.equal(await reservations.verify(token, 'generate'), undefined)
  t.equal(encodeURIComponent(token), token)
})

t.test('verify() accepts no token whose time is over', async t => {
  const token = await reservations.sign('r1', 'validate', new Date(Date.now() - 1000))
  t.equal(await reservations.verify(token, 'validate'), undefined)
})

t.test('verify() accepts no token of another key, algorithm or form', async t => {
  const claims = { step: 'validate', jti: 'r1', exp: Math.ceil(LATER.getTime() / 1000) }
  const { jti, exp } = claims
  t.equal(await reservations.verify(await jwt(claims), 'validate'), 'r1')
  const forged = [
    await jwt(claims, 'x'.repeat(43)), await jwt(claims, KEY, 'HS384'),
    await jwt({ step: 'validate', jti }), await jwt({ step: 'validate', exp }),
    `${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(claims))}.`,
    'a.b.c', '', 'secret', `${await jwt(claims)}x`, await jwt({ ...claims, padding: 'x'.repeat(512) })
  ]
  for (const token of forged) t.equal(await reservations.verify(token, 'validate'), undefined, token)
})

t.test('createReservations() asks for the key again after a failure, and once after that', async t => {
  const keys = [Promise.reject(new Error('not now')), Promise.resolve(KEY)]
  const { sign } = createReservations(() => keys.shift() as Promise<string>)
  await t.rejects(sign('r1', 'validate', LATER), { message: 'not now' })
  await sign('r1', 'validate', LATER)
  t.equal(await reservations.verify(await sign('r2', 'validate', LATER), 'validate'), 'r2')
})
