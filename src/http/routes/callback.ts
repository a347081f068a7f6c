import { hash } from 'node:crypto'
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError } from 'fastify'
import { CallbackParamsSchema, QuarantinedSchema, ReceivedSchema } from '../../../schemas/callback.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { RelayError, type RelayErrorCode } from '../../errors.ts'
import type { TaskEvent } from '../../event.ts'
import type { Appended, Hub } from '../../hub/hub.ts'
import type { Metrics } from '../../metrics.ts'
import { digestOf, type readCallback, type ReadCallback } from '../../suno/callback.ts'
import { DEFAULT_STEP, describeRequest, readArrival, stepOf, type Arrival } from '../arrival.ts'
import type { Authenticator } from '../guards/authenticator.ts'
import type { AuthFailures } from '../guards/failures.ts'
import { ignoreMediaType, requireIdentityCoding, requireJsonType, requireSameOrigin } from '../guards/media-type.ts'
import { networkOf } from '../guards/network.ts'
import type { RefusalLog } from '../guards/refusal-log.ts'
import type { UnderWay } from '../guards/under-way.ts'
import { sendProblem, toRelayError } from '../problems.ts'
import { answerOverload } from '../raw-answers.ts'

const response = { 200: Type.Union([ReceivedSchema, QuarantinedSchema]), '4xx': ProblemSchema, '5xx': ProblemSchema }
const QUARANTINED = { received: true, quarantined: true } as const

/** Options of the callback routes. */
export interface CallbackOptions {
  readonly hub: Hub
  /** Reads the JSON body of a callback; throws `CALLBACK_UNREADABLE` if it cannot. */
  readonly read: typeof readCallback
  /** Maximum size of a body, in bytes. */
  readonly bodyLimit: number
  readonly authenticator: Authenticator
  readonly failures: AuthFailures
  readonly metrics: Metrics
  readonly refusals: RefusalLog
  readonly underWay: UnderWay
  /** Called with the result of every append. */
  readonly onAppended: (appended: Appended) => void
}

/** `POST /callback` and `POST /callback/:step`: keeps the callback, then answers 200. */
export const callback: FastifyPluginAsyncTypebox<CallbackOptions> = async (app, options) => {
  const { hub, read, bodyLimit, authenticator, failures, metrics, refusals, underWay, onAppended } = options
  // First of all, and before the body is read: a refusal must cost little.
  app.addHook('onRequest', (request, reply, next) => {
    if (underWay.hasRoom()) return next()
    metrics.callback('OVERLOADED')
    refusals.refused({ code: 'OVERLOADED', step: stepOf(request), ...describeRequest(request) })
    answerOverload(reply)
  })
  app.addHook('onRequest', async (request) => { await authenticator.screen(request) })
  if (!authenticator.required) app.addHook('onRequest', requireSameOrigin)
  app.addHook('onRequest', requireIdentityCoding)
  app.addHook('onRequest', authenticator.required ? ignoreMediaType : requireJsonType)
  app.removeAllContentTypeParsers()
  // Signatures cover the raw bytes.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })

  app.setErrorHandler((error: FastifyError | RelayError, request, reply) => {
    const network = networkOf(request.ip)
    const refused = hasCode(error, 'CALLBACK_UNAUTHENTIC') ? refusal(failures.recordFailure(network), error) : error
    const { code, message, field } = toRelayError(refused)
    metrics.callback(code)
    if (isAuthFailure(code)) refusals.unauthenticated(network, stepOf(request))
    else refusals.refused({ code, reason: message, field, step: stepOf(request), ...describeRequest(request) })
    return sendProblem(refused, request, reply)
  })

  async function accept (arrival: Arrival) {
    const { step, json, proof } = arrival
    let callback: ReadCallback
    try {
      const { taskId: signedTaskId, submission } = proof
      callback = read(step, json, { receivedAt: new Date(), signedTaskId, submission })
    } catch (error) {
      // Strangers must not fill the disk.
      if (!authenticator.required) throw error
      if (hasCode(error, 'CALLBACK_UNREADABLE')) return quarantine(arrival, error)
      await holdForFix(arrival, error as Error)
      throw error
    }
    return keep(arrival, callback)
  }

  async function keep ({ step, proof }: Arrival, { taskId, draft }: ReadCallback) {
    const began = performance.now()
    const appended = await underWay.count(() => hub.publish(taskId, { ...draft, delivery: proof.delivery }))
    const { event, duplicate } = appended
    metrics.callback(duplicate ? 'duplicate' : 'kept')
    if (!duplicate) metrics.event(event.event)
    const ms = Math.round(performance.now() - began)
    app.log.info({ taskId, step, event: event.event, eventId: event.id, duplicate, ms }, 'callback')
    onAppended(appended)
    return received(event, duplicate)
  }

  /** Quarantines a callback that cannot be read. */
  async function quarantine (arrival: Arrival, { message, field }: RelayError) {
    const first = await hold(arrival, message, field)
    metrics.callback(first ? 'duplicate' : 'quarantined')
    return first ? received(first, true) : QUARANTINED
  }

  /** Quarantines a callback for a version without the defect that `error` shows. */
  async function holdForFix (arrival: Arrival, error: Error): Promise<void> {
    const reason = `Cannot read the callback: the relay has a defect: ${error.message}`
    try {
      await hold(arrival, reason)
    } catch (cause) {
      app.log.error({ err: error }, reason)
      throw cause
    }
  }

  async function hold (arrival: Arrival, reason: string, field?: string): Promise<TaskEvent | undefined> {
    const { step, body, proof, path, mediaType } = arrival
    const digest = digestOfHeld(arrival)
    const { taskId: signedTaskId, delivery, submission } = proof
    const held = { step, body, reason, digest, signedTaskId, delivery, submission }
    const first = await underWay.count(() => hub.hold(held))
    app.log.warn({ step, path, mediaType, field, reason }, 'callback quarantined')
    return first
  }

  app.post('/callback', { bodyLimit, schema: { response } }, async (request) => {
    return accept(await readArrival(DEFAULT_STEP, request, authenticator))
  })
  app.post('/callback/:step', { bodyLimit, schema: { params: CallbackParamsSchema, response } }, async (request) => {
    return accept(await readArrival(request.params.step, request, authenticator))
  })
}

function received ({ taskId, id }: TaskEvent, duplicate: boolean) {
  return { received: true as const, taskId, eventId: id, duplicate }
}

/** Returns the digest of the event that the body would become, so that a later version recognises the delivery. */
function digestOfHeld ({ step, body, json }: Arrival): string {
  try {
    return digestOf(step, json)
  } catch {
    return hash('sha256', step + body, 'base64url')
  }
}

function isAuthFailure (code: RelayErrorCode): boolean {
  return code === 'CALLBACK_UNAUTHENTIC' || code === 'AUTH_FAILURES_EXCEEDED'
}

function hasCode (error: unknown, code: RelayErrorCode): error is RelayError {
  return error instanceof RelayError && error.code === code
}

/** Returns the error for a callback without proof. Its text never says what is missing or wrong. */
function refusal (isOverLimit: boolean, cause: unknown): RelayError {
  if (!isOverLimit) {
    const message = 'Cannot accept the callback: it has no valid token or signature'
    return new RelayError('CALLBACK_UNAUTHENTIC', message, { cause })
  }
  const message = 'Cannot accept the callback: too many unauthenticated requests from this address in the last minute'
  return new RelayError('AUTH_FAILURES_EXCEEDED', message, { cause })
}
