import { hash } from 'node:crypto'
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyRequest } from 'fastify'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { RelayError, STATUS } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import { digestOf, readCallback, type ReadCallback } from '../../suno/callback.ts'
import type { Authenticator, Proof } from '../guards/authenticator.ts'
import { requirePlainUtf8 } from '../guards/media-type.ts'
import type { Metrics } from '../../metrics.ts'
import { networkOf } from '../guards/network.ts'
import { sendProblem, toRelayError } from '../problems.ts'
import type { TaskEvent } from '../../event.ts'
import { CallbackParamsSchema, QuarantinedSchema, ReceivedSchema, type Step } from '../../../schemas/callback.ts'

const response = { 200: Type.Union([ReceivedSchema, QuarantinedSchema]), '4xx': ProblemSchema, '5xx': ProblemSchema }
const QUARANTINED = { received: true, quarantined: true } as const
const UTF8 = new TextDecoder('utf-8', { fatal: true })
const NOTHING = Buffer.alloc(0)

export interface CallbackOptions {
  readonly hub: Hub
  /** The largest body, in bytes. */
  readonly bodyLimit: number
  readonly authenticator: Authenticator
  readonly metrics: Metrics
  /** Counts a failed authentication of a network, and says whether that network is past its limit. */
  readonly failed: (network: string) => boolean
}

/** A callback that came and is authentic. */
interface Arrival {
  readonly step: Step
  /** JSON. */
  readonly body: string
  readonly json: unknown
  readonly proof: Proof
}

/** `POST /callback` and `POST /callback/:step`: keep the callback, tell the streams, answer 200. */
export const callback: FastifyPluginAsyncTypebox<CallbackOptions> = async (app, { hub, bodyLimit, authenticator, failed, metrics }) => {
  app.addHook('onRequest', requirePlainUtf8)
  app.removeAllContentTypeParsers()
  // Left as it came: signatures are over the bytes.
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })

  app.setErrorHandler((error: FastifyError | RelayError, request, reply) => {
    const { code } = toRelayError(error)
    metrics.callback(code)
    // Strangers must not fill the log.
    app.log[STATUS[code] === 401 || STATUS[code] === 429 ? 'debug' : 'info']({ code, ms: Math.round(reply.elapsedTime) }, 'callback refused')
    return sendProblem(error, request, reply)
  })

  async function receive (step: Step, request: FastifyRequest) {
    try {
      return await keep(admit(step, request))
    } catch (error) {
      throw isUnauthentic(error) ? refusal(failed(networkOf(request.ip)), error) : error
    }
  }

  function admit (step: Step, request: FastifyRequest): Arrival {
    const bytes = request.body as Buffer | undefined ?? NOTHING
    const { body, json } = parseJson(bytes)
    const proof = authenticator.prove(request, bytes, json)
    if (json === undefined) throw new RelayError('BODY_NOT_JSON', 'Cannot read the callback: its body is not JSON in UTF-8')
    return { step, body, json, proof }
  }

  async function keep (arrival: Arrival) {
    const { step, json, proof } = arrival
    let read: ReadCallback
    try {
      read = readCallback(step, json, { receivedAt: new Date(), signedTaskId: proof.taskId })
    } catch (error) {
      return hold(arrival, error as Error)
    }
    const began = performance.now()
    const { event, duplicate } = await hub.publish(read.taskId, { ...read.draft, delivery: proof.delivery })
    metrics.callback(duplicate ? 'duplicate' : 'kept')
    if (!duplicate) metrics.event(event.event)
    app.log.info({ taskId: read.taskId, step, event: event.event, eventId: event.id, duplicate, ms: Math.round(performance.now() - began) }, 'callback')
    return received(event, duplicate)
  }

  async function hold (arrival: Arrival, problem: Error) {
    // A stranger must not fill the disk.
    if (!authenticator.required) throw problem
    const { step, body, proof } = arrival
    const reason = problem.message
    const first = await hub.hold({ step, body, reason, digest: digestOfHeld(arrival), signedTaskId: proof.taskId, delivery: proof.delivery })
    metrics.callback(first ? 'duplicate' : 'quarantined')
    app.log.warn({ step, reason }, 'callback quarantined')
    return first ? received(first, true) : QUARANTINED
  }

  app.post('/callback', { bodyLimit, schema: { response } }, (request) => receive('regenerate', request))
  app.post('/callback/:step', { bodyLimit, schema: { params: CallbackParamsSchema, response } }, (request) => receive(request.params.step, request))
}

function received ({ taskId, id }: TaskEvent, duplicate: boolean) {
  return { received: true as const, taskId, eventId: id, duplicate }
}

/** As if it could be read, so that the delivery is known to a version that can; what is nested too deep is equal as text. */
function digestOfHeld ({ step, body, json }: Arrival): string {
  try {
    return digestOf(step, json)
  } catch {
    return hash('sha256', step + body, 'base64url')
  }
}

/** `json` is undefined when the bytes are no JSON in UTF-8: who sent them has to be known before that is told. */
function parseJson (bytes: Buffer): Pick<Arrival, 'body' | 'json'> {
  try {
    const body = UTF8.decode(bytes)
    return { body, json: JSON.parse(body) }
  } catch {
    return { body: '', json: undefined }
  }
}

function isUnauthentic (error: unknown): boolean {
  return error instanceof RelayError && error.code === 'CALLBACK_UNAUTHENTIC'
}

/** Says the same whatever is missing or wrong. */
function refusal (isPastLimit: boolean, cause: unknown): RelayError {
  return isPastLimit
    ? new RelayError('AUTH_FAILURES_EXCEEDED', 'Cannot accept the callback: too many without proof came from this address, expected fewer in a minute', { cause })
    : new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot accept the callback: it is not proven to be the sender\'s', { cause })
}
