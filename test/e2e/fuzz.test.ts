import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { phraseReady, post } from '../support/callbacks.ts'
import { startProcess } from '../support/process.ts'
import { temporaryFolder } from '../support/relay.ts'
import { watch, type TestStream } from '../support/sse.ts'

const BATCH = 100
const RUNS = process.env.CI === 'true' && !('Deno' in globalThis) ? 100_000 : 10_000
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const HEAP = '--max-old-space-size=128'
const LAST = 'The last phrase of all'
const EVENTS = ['phrase-ready', 'phrase-failed', 'task-update']

const hostile = fc.oneof(
  fc.constantFrom(
    '\n\nevent: closing\ndata: {}\n\n',
    '\r\nid: 1\r',
    '\0',
    '\u2028',
    '\ufeff',
    '__proto__',
    'data: x',
    '\ud800',
    ': '
  ),
  fc.string({ unit: 'binary' })
)
const value = fc.oneof(
  hostile,
  fc.jsonValue(),
  fc.double(),
  fc.constantFrom(null, 200, 'wait_validating', 'fail', -0, 1e308)
)
const data = fc.tuple(
  fc.dictionary(hostile, value),
  fc.constantFrom('a', 'b', 'a\n', '')
).map(([fields, taskId]) => ({ ...fields, taskId }))
const shaped = fc.record({
  code: fc.oneof(fc.constant(200), value),
  msg: hostile,
  data
}).map((body) => Buffer.from(JSON.stringify(body)))
const mutated = fc.tuple(fc.nat(140), fc.nat(4), fc.uint8Array({ maxLength: 4 })).map(([at, gone, bytes]) => {
  const good = Buffer.from(JSON.stringify(phraseReady('a')))
  return Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + gone)])
})
const random = fc.oneof(fc.uint8Array(), fc.json().map((text) => Buffer.from(text))).map((bytes) => Buffer.from(bytes))
const body = fc.oneof({ arbitrary: shaped, weight: 2 }, mutated, random)

async function send (url: string, agent: Agent, body: Buffer): Promise<number> {
  const sent = request(`${url}/callback`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': body.length }
  })
  sent.end(body)
  const [answer] = await once(sent, 'response') as [IncomingMessage]
  await once(answer.resume(), 'end')
  return answer.statusCode as number
}

/** Reads a stream up to the last phrase and returns the frames that are not of its task, in order. */
async function strangeFrames (stream: TestStream): Promise<unknown[]> {
  const strange: unknown[] = []
  for (let seq = 1; ; seq++) {
    const { id = '', event = '', data } = await stream.next()
    if (!id.endsWith(`.${seq}`) || !EVENTS.includes(event) || data.taskId !== 'a') strange.push({ id, event, data })
    if (data.validateInfo === LAST) return strange
  }
}

t.setTimeout(600_000)

t.test(`${RUNS} random and mutated bodies: all are answered, no frame is forged, memory is flat`, async t => {
  t.comment(`FUZZ_SEED=${SEED}`)
  const env = {
    NODE_OPTIONS: HEAP,
    DENO_V8_FLAGS: HEAP,
    DEDUPE_WINDOW_MS: '0',
    STORE_URL: `sqlite:${join(temporaryFolder(t), 'relay.db')}`
  }
  const { url } = await startProcess(t, env)
  const agent = new Agent({ keepAlive: true, maxSockets: BATCH })
  t.teardown(() => { agent.destroy() })
  const stream = await watch(t, `${url}/events/a?replay=all`)
  await stream.next()

  async function sendAll (): Promise<void> {
    await fc.assert(fc.asyncProperty(fc.array(body, { minLength: BATCH, maxLength: BATCH }), async (bodies) => {
      const statuses = await Promise.all(bodies.map((body) => send(url, agent, body)))
      return statuses.every((status) => status === 200 || status === 400)
    }), { seed: SEED, numRuns: RUNS / BATCH })
    await post(url, phraseReady('a', LAST))
  }

  const [strange] = await Promise.all([strangeFrames(stream), sendAll()])
  t.strictSame(strange, [])
})
