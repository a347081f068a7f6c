import { hash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Step } from '../../../schemas/callback.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import {
  SubmitBodySchema, SubmitHeadersSchema, SubmittedSchema, WatchBodySchema, type Submitted
} from '../../../schemas/submit.ts'
import { FIELDS } from '../../../schemas/suno.ts'
import { TaskParamsSchema } from '../../../schemas/task.ts'
import { RelayError } from '../../errors.ts'
import type { Metrics } from '../../metrics.ts'
import type { Named, Submitter } from '../../asking/submitter.ts'
import { digestOf } from '../../suno/callback.ts'
import { signTicket } from '../../ticket.ts'
import { requireIdentityCoding, requireJsonType } from '../guards/media-type.ts'
import { sendProblem, toRelayError } from '../problems.ts'

// As long as an idempotency key is remembered.
const TICKET_LIFE_MS = 86_400_000

const response = { 200: SubmittedSchema, 201: SubmittedSchema, '4xx': ProblemSchema, '5xx': ProblemSchema }
const fieldsOf = {
  validate: TypeCompiler.Compile(FIELDS.validate),
  regenerate: TypeCompiler.Compile(FIELDS.regenerate),
  generate: TypeCompiler.Compile(FIELDS.generate)
}

/** Options of the submission routes. */
export interface SubmitRouteOptions {
  /** Undefined where no account at Suno is configured. */
  readonly submitter: Submitter | undefined
  /** @throws {RelayError} `API_TOKEN_INVALID` when the request is not one of the app's own backend */
  readonly checkApiToken: (request: FastifyRequest) => void
  /** Public URL of the relay; empty: the host that the request names. */
  readonly publicUrl: string
  /** Key that signs tickets; undefined where none is needed. */
  readonly ticketKey: string | undefined
  /** Maximum size of a body, in bytes. */
  readonly bodyLimit: number
  readonly metrics: Metrics
}

/** `POST /tasks` submits to Suno, `PUT /tasks/:taskId` watches over a task that was submitted elsewhere. */
export const submit: FastifyPluginAsyncTypebox<SubmitRouteOptions> = async (app, options) => {
  const { submitter, checkApiToken, publicUrl, ticketKey, bodyLimit, metrics } = options

  app.addHook('onRequest', async (request, reply) => {
    // No page of another origin reads an answer, whatever CORS_ORIGINS allows for streams.
    reply.removeHeader('access-control-allow-origin')
    if (!submitter) throw new RelayError('SUNO_NOT_CONFIGURED', 'Cannot submit: SUNO_API_KEY is not set')
    checkApiToken(request)
  })
  app.addHook('onRequest', requireIdentityCoding)
  app.addHook('onRequest', requireJsonType)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))

  app.setErrorHandler((error: FastifyError | RelayError, request, reply) => {
    metrics.submission(toRelayError(error).code)
    return sendProblem(error, request, reply)
  })

  function baseOf ({ protocol, host }: FastifyRequest): string {
    return publicUrl || `${protocol}://${host}${app.prefix}`
  }

  async function toAnswer (base: string, { taskId, step, place }: Named, from: number): Promise<Submitted> {
    // A ticket has whole seconds.
    const expires = new Date(Math.floor((from + TICKET_LIFE_MS) / 1000) * 1000)
    const ticket = ticketKey === undefined ? null : await signTicket(ticketKey, [taskId], expires)
    const query = new URLSearchParams({ lastEventId: place, ...ticket && { ticket } })
    const events = `${base}/events/${taskId}?${query}`
    return { taskId, step, lastEventId: place, events, ticket, expiresAt: ticket && expires.toISOString() }
  }

  async function answer (reply: FastifyReply, submission: Named, from: number): Promise<Submitted> {
    const base = baseOf(reply.request)
    reply.headers({ 'cache-control': 'no-store', location: `${base}/tasks/${submission.taskId}` })
    return toAnswer(base, submission, from)
  }

  const submitSchema = { headers: SubmitHeadersSchema, body: SubmitBodySchema, response }
  app.post('/tasks', { bodyLimit, schema: submitSchema }, async (request, reply) => {
    const { step, ...fields } = request.body
    checkFields(step, fields)
    const digest = toDigest(step, fields)
    const key = request.headers['idempotency-key']
    const idempotency = key === undefined ? undefined : { key: hash('sha256', key, 'base64url'), digest }
    const { submission, isRepeat } = await (submitter as Submitter).submit({ step, fields, idempotency })
    metrics.submission(isRepeat ? 'repeated' : 'submitted')
    app.log.info({ taskId: submission.taskId, step, ms: Math.round(reply.elapsedTime), isRepeat }, 'task submitted')
    return answer(reply.code(201), submission, submission.submittedAt)
  })

  const watchSchema = { params: TaskParamsSchema, body: WatchBodySchema, response }
  app.put('/tasks/:taskId', { bodyLimit, schema: watchSchema }, async (request, reply) => {
    const { params: { taskId }, body: { step } } = request
    const { submission, created } = await (submitter as Submitter).watch(taskId, step)
    metrics.submission('watched')
    app.log.info({ taskId, step, created }, 'task watched')
    return answer(reply.code(created ? 201 : 200), submission, Date.now())
  })
}

/** @throws {RelayError} `REQUEST_INVALID` naming the first field that is not as documented */
function checkFields (step: Step, fields: Readonly<Record<string, unknown>>): void {
  const error = fieldsOf[step].Errors(fields).First()
  if (error) throw invalid(`${error.path.slice(1)}: ${error.message}`)
  const { vocalStartS, vocalEndS } = fields
  const isEmpty = step === 'validate' && Number(vocalEndS) <= Number(vocalStartS)
  if (isEmpty) throw invalid('vocalEndS is not greater than vocalStartS')
}

/** Returns a digest that is equal for equal bodies. A body that is nested too deep has none, and could not be sent. */
function toDigest (step: Step, fields: Readonly<Record<string, unknown>>): string {
  try {
    return digestOf(step, fields)
  } catch {
    throw invalid('the body is nested too deep')
  }
}

function invalid (fact: string): RelayError {
  return new RelayError('REQUEST_INVALID', `Cannot submit: ${fact}`)
}
