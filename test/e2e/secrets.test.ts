import { connect } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { runCommand, runtimeCommand, startProcess } from '../support/process.ts'
import { databasePath, meddle } from '../support/sqlite.ts'
import { kieHeaders, standardHeaders } from '../support/signing.ts'

const TOKEN = 'token-7f3a9c51-of-suno'
const KEY = 'key-55d0be27'
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const GUESS = 'guess-0badc0de'
const ENV = { CALLBACK_TOKENS: TOKEN, WEBHOOK_HMAC_KEYS: `${KEY},${SECRET}` }

/** Sends bytes and resolves with the answer. */
async function raw (url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.end(request)
  return text(socket)
}

t.test('the process never prints a secret, at any log level', async t => {
  const path = databasePath(t)
  const { url, output, kill } = await startProcess(t, {
    ...ENV,
    LOG_LEVEL: 'trace',
    STORE_URL: `sqlite:${path}`,
    AUTH_FAILURES_PER_MINUTE: '3'
  })
  const signed = kieHeaders(KEY, 'a')
  const body = JSON.stringify(phraseReady('a'))
  const standard = standardHeaders(SECRET, 'one', body)
  const answers: unknown[] = []

  for (const token of [TOKEN, GUESS]) {
    const query = `?token=${token}`
    for (const bad of [phraseReady('a'), { code: 'odd' }, '{', 'x'.repeat(70_000)]) {
      answers.push((await post(url, bad, { query })).json)
    }
    answers.push((await post(url, body, { query, headers: { 'content-type': 'text/plain' } })).json)
    for (const odd of [
      `/nowhere${query}`,
      `/callback/other${query}`,
      `/callback${query}`,
      `/%zz${query}`,
      `/callback/%${query}`,
      `/events/${'a'.repeat(200)}${query}`,
      `/callback/${'a'.repeat(9000)}${query}`
    ]) {
      answers.push(
        await raw(url, `GET ${odd} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
        await raw(url, `POST ${odd} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      )
    }
    const broken = [
      `GET /callback${query} HTTP/9.9\r\n\r\n`,
      `POST /callback${query} HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n`,
      `${query}\r\n\r\n`
    ]
    for (const request of broken) answers.push(await raw(url, request))
  }
  const forged = [{ ...signed, 'x-webhook-timestamp': '1' }, { ...standard, 'webhook-id': GUESS }]
  for (const headers of [signed, standard, ...forged]) answers.push((await post(url, body, { headers })).json)
  answers.push((await post(url, phraseReady('a', 'forged'), { headers: signed })).json)

  meddle(path, "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END")
  t.equal((await post(url, phraseReady('b'), { query: `?token=${TOKEN}` })).status, 503)
  // After the end of the process, all of its output has been read.
  t.equal(await kill(), 0)
  t.match(output(), /disk full/)
  t.match(output(), /quarantined/)

  const said = output() + JSON.stringify(answers)
  for (const secret of [
    TOKEN, GUESS, KEY, SECRET, SECRET.slice(6), signed['x-webhook-signature'], standard['webhook-signature']
  ]) {
    t.notOk(said.includes(secret as string), `no text contains ${secret}`)
    // Packets are logged as numbers of bytes.
    t.notOk(said.includes([...Buffer.from(secret as string)].join()), `no list of bytes contains ${secret}`)
  }
})

t.test('the process prints no secret in its help or in a refusal to start', async t => {
  const help = await runCommand(t, runtimeCommand('src/bin.js', '--help'), ENV)
  const refused = await runCommand(t, runtimeCommand('src/bin.js'), {
    ...ENV,
    WEBHOOK_HMAC_KEYS: `whsec_${GUESS}`,
    PORT: 'x',
    HOST: '0.0.0.0'
  })
  t.equal(help.code, 0)
  t.match(refused, { code: 1, output: /^Cannot start: .*WEBHOOK_HMAC_KEYS is malformed.*\n$/ })
  for (const secret of [TOKEN, KEY, SECRET, GUESS]) t.notOk((help.output + refused.output).includes(secret))
})

t.test('the process refuses a public address without proof, in one line with the cure', async t => {
  const open = { HOST: '0.0.0.0', CALLBACK_TOKENS: '', WEBHOOK_HMAC_KEYS: '', ALLOW_OPEN_CALLBACKS: '' }
  const { code, output } = await runCommand(t, runtimeCommand('src/bin.js'), open)
  t.equal(code, 1)
  t.equal(
    output,
    'Cannot start: HOST is "0.0.0.0", where strangers can post callbacks, ' +
      'expected CALLBACK_TOKENS or WEBHOOK_HMAC_KEYS to be set, or ALLOW_OPEN_CALLBACKS=true\n'
  )
})
