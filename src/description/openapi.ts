import { Type, type TSchema } from '@sinclair/typebox'
import {
  CallbackBodySchema, CallbackParamsSchema, QuarantinedSchema, ReceivedSchema
} from '../../schemas/callback.ts'
import { EventsQuerySchema, FramesSchema, TaskListQuerySchema } from '../../schemas/event.ts'
import { HealthSchema, ProblemSchema } from '../../schemas/problem.ts'
import { SubmitHeadersSchema, SubmittedSchema, WatchBodySchema } from '../../schemas/submit.ts'
import { FIELDS } from '../../schemas/suno.ts'
import { ErasedSchema, TaskParamsSchema, TaskQuerySchema, TaskSchema } from '../../schemas/task.ts'
import type { RelayErrorCode } from '../errors.ts'
import { VERSION } from '../version.ts'
import { ADMIN_SCHEMAS, adminPaths } from './admin.ts'
import { parameters, type Parameter } from './parameters.ts'
import { ANY_PROBLEM, refer, respond, responses, type Response } from './responses.ts'
import { BACKEND, METRICS_READER, SECURITY_SCHEMES, SENDER, WATCHER } from './security.ts'

const JSON_OBJECT = Type.Object({}, { description: 'a document in JSON' })
const TEXT = Type.String()
const EMPTY: Response = { description: 'No news' }

const SCHEMAS = {
  Callback: CallbackBodySchema,
  Received: ReceivedSchema,
  Quarantined: QuarantinedSchema,
  Task: TaskSchema,
  Erased: ErasedSchema,
  Validate: submission('validate'),
  Regenerate: submission('regenerate'),
  Generate: submission('generate'),
  Watch: WatchBodySchema,
  Submitted: SubmittedSchema,
  ...ADMIN_SCHEMAS,
  Health: HealthSchema,
  Problem: ProblemSchema
}

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'Event id after which the stream starts. `EventSource` sends it when it reconnects',
  schema: { type: 'string' }
}
const LOCATION = { Location: { description: 'URL of the task', schema: { type: 'string' } } }

const READ_ERRORS: readonly RelayErrorCode[] = ['REQUEST_INVALID', 'TICKET_INVALID', 'TASK_FORBIDDEN']
const CALLBACK_ERRORS: readonly RelayErrorCode[] = [
  'BODY_NOT_JSON', 'CALLBACK_UNREADABLE', 'REQUEST_INVALID', 'CALLBACK_UNAUTHENTIC', 'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED', 'AUTH_FAILURES_EXCEEDED', 'OVERLOADED', 'STORE_UNAVAILABLE', 'QUARANTINE_FULL'
]
const SUBMIT_ERRORS: readonly RelayErrorCode[] = [
  'REQUEST_INVALID', 'API_TOKEN_INVALID', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'STORE_UNAVAILABLE',
  'SUNO_NOT_CONFIGURED'
]

/** Returns the body of a submission. */
function submission (step: keyof typeof FIELDS): TSchema {
  return Type.Object({ step: Type.Literal(step), ...FIELDS[step].properties })
}

function json (...names: string[]) {
  const schema = names.length === 1 ? refer(names[0] as string) : { oneOf: names.map(refer) }
  return { required: true, content: { 'application/json': { schema } } }
}

function callbackPath (operationId: string, summary: string, path: Parameter[]) {
  const received = { oneOf: [refer('Received'), refer('Quarantined')] }
  const answers = { 200: respond('The callback is stored', received) }
  return {
    parameters: path,
    post: {
      operationId,
      summary,
      security: SENDER,
      requestBody: json('Callback'),
      responses: responses(answers, CALLBACK_ERRORS)
    }
  }
}

function eventsPath (name: 'Task' | 'Tasks', what: string, path: Parameter[]) {
  const stream = respond('A stream: see /asyncapi.json for its events', FramesSchema, 'text/event-stream')
  const errors: RelayErrorCode[] = ['NOT_ACCEPTABLE', 'TOO_MANY_STREAMS', 'DRAINING', 'STORE_UNAVAILABLE']
  return {
    parameters: path,
    get: {
      operationId: `watch${name}`,
      summary: `Streams the events of ${what} as Server-Sent Events`,
      security: WATCHER,
      parameters: [LAST_EVENT_ID],
      responses: responses({ 200: stream, 204: EMPTY }, [...READ_ERRORS, ...errors])
    },
    head: {
      operationId: `check${name}`,
      summary: `Returns the headers of a stream of ${what}`,
      security: WATCHER,
      responses: responses({ 200: { description: 'The stream can be opened' } }, [])
    }
  }
}

function taskPath () {
  const created = { ...respond('The relay watches over the task', refer('Submitted')), headers: LOCATION }
  const errors: RelayErrorCode[] = ['TASK_UNKNOWN', 'TASK_EXPIRED', 'TOO_MANY_STREAMS', 'STORE_UNAVAILABLE']
  return {
    parameters: parameters('path', TaskParamsSchema),
    get: {
      operationId: 'readTask',
      summary: 'Returns the events of a task, with optional long polling',
      security: WATCHER,
      parameters: parameters('query', TaskQuerySchema),
      responses: responses({ 200: respond('The task', refer('Task')), 204: EMPTY }, [...READ_ERRORS, ...errors])
    },
    put: {
      operationId: 'watchOver',
      summary: 'Watches over a task that was submitted elsewhere',
      security: BACKEND,
      requestBody: json('Watch'),
      responses: responses({ 200: { ...created, description: 'It did before' }, 201: created }, SUBMIT_ERRORS)
    },
    delete: {
      operationId: 'eraseTask',
      summary: 'Erases a task',
      security: BACKEND,
      responses: responses({ 200: respond('The task is erased', refer('Erased')) },
        ['REQUEST_INVALID', 'API_TOKEN_INVALID', 'STORE_UNAVAILABLE'])
    }
  }
}

function submitOperation () {
  const created = { ...respond('The step is submitted', refer('Submitted')), headers: LOCATION }
  return {
    operationId: 'submit',
    summary: 'Submits a step to Suno and watches over it',
    security: BACKEND,
    parameters: parameters('header', SubmitHeadersSchema),
    requestBody: json('Validate', 'Regenerate', 'Generate'),
    responses: responses({ 201: created }, [
      ...SUBMIT_ERRORS, 'IDEMPOTENCY_KEY_REUSED', 'SUBMISSION_UNDER_WAY', 'SUNO_BUSY', 'SUNO_NO_CREDITS',
      'SUNO_REFUSED', 'SUNO_UNREACHABLE'
    ])
  }
}

function get (operationId: string, summary: string, answer: Response, errors: readonly RelayErrorCode[] = []) {
  return { get: { operationId, summary, security: [], responses: responses({ 200: answer }, errors) } }
}

function paths () {
  const page = respond('HTML', TEXT, 'text/html')
  const metrics = get('readMetrics', 'Metrics as Prometheus text', respond('Metrics', TEXT, 'text/plain'),
    ['METRICS_FORBIDDEN'])
  return {
    '/callback': callbackPath('receiveRegenerated', 'Receives a callback of the step regenerate', []),
    '/callback/{step}': callbackPath('receive', 'Receives a callback', parameters('path', CallbackParamsSchema)),
    '/events/{taskId}': eventsPath('Task', 'a task', [
      ...parameters('path', TaskParamsSchema), ...parameters('query', EventsQuerySchema)
    ]),
    '/events': eventsPath('Tasks', 'several tasks', parameters('query', TaskListQuerySchema)),
    '/tasks': { post: submitOperation() },
    '/tasks/{taskId}': taskPath(),
    '/healthz': get('isAlive', 'Answers while the process runs', respond('It runs', refer('Health'))),
    '/readyz': get('isReady', 'Whether an event can be stored now', respond('It can', refer('Health')),
      ['DRAINING', 'STORE_UNAVAILABLE']),
    '/metrics': { get: { ...metrics.get, security: METRICS_READER } },
    ...adminPaths(),
    '/': get('showPage', 'The live page', page),
    '/openapi.json': get('describeHttp', 'This document', respond('OpenAPI', JSON_OBJECT)),
    '/asyncapi.json': get('describeEvents', 'The events of streams', respond('AsyncAPI', JSON_OBJECT))
  }
}

/**
 * Returns the description of the HTTP API, made from the schemas that validate.
 *
 * @param server - URL of the relay, absolute or relative
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function describeHttp (server: string): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Phrase Relay',
      version: VERSION,
      summary: 'Turns Suno Voice callbacks into Server-Sent Events',
      license: { name: 'MIT', identifier: 'MIT' }
    },
    servers: [{ url: server }],
    paths: paths(),
    components: { schemas: SCHEMAS, responses: { Problem: ANY_PROBLEM }, securitySchemes: SECURITY_SCHEMES }
  }
}
