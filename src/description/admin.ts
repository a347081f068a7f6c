import { Type, type TObject } from '@sinclair/typebox'
import {
  DroppedSchema, HeldParamsSchema, HeldSchema, QuarantineSchema, RefusalsSchema, ReplayedSchema, SamplesQuerySchema,
  SamplesSchema, StatusSchema, TaskListQuerySchema, TaskListSchema, TimelineQuerySchema, TimelineSchema
} from '../../schemas/admin.ts'
import { TaskParamsSchema } from '../../schemas/task.ts'
import type { RelayErrorCode } from '../errors.ts'
import { parameters } from './parameters.ts'
import { refer, respond, responses, type Response } from './responses.ts'
import { OPERATOR } from './security.ts'

const ERRORS: readonly RelayErrorCode[] = ['REQUEST_INVALID', 'ADMIN_TOKEN_INVALID', 'STORE_UNAVAILABLE']
const EMPTY = Type.Object({})

/** Schemas of the answers to the operator. */
export const ADMIN_SCHEMAS = {
  Status: StatusSchema,
  Samples: SamplesSchema,
  TaskList: TaskListSchema,
  Timeline: TimelineSchema,
  Refusals: RefusalsSchema,
  Quarantine: QuarantineSchema,
  Held: HeldSchema,
  Replayed: ReplayedSchema,
  Dropped: DroppedSchema
}

interface Question {
  readonly path?: TObject
  readonly query?: TObject
  readonly errors?: readonly RelayErrorCode[]
}

function operation (operationId: string, summary: string, answer: Response, errors: readonly RelayErrorCode[]) {
  return { operationId, summary, security: OPERATOR, responses: responses({ 200: answer }, errors) }
}

function get (operationId: string, summary: string, schema: keyof typeof ADMIN_SCHEMAS, question: Question = {}) {
  const { path = EMPTY, query = EMPTY, errors = [] } = question
  const answer = respond(summary, refer(schema))
  return {
    parameters: parameters('path', path),
    get: {
      ...operation(operationId, summary, answer, [...ERRORS, ...errors]),
      parameters: parameters('query', query)
    }
  }
}

function post (operationId: string, summary: string, schema: keyof typeof ADMIN_SCHEMAS) {
  return {
    parameters: parameters('path', HeldParamsSchema),
    post: {
      ...operation(operationId, summary, respond(summary, refer(schema)), [...ERRORS, 'NOT_FOUND']),
      requestBody: { required: true, content: { 'application/json': { schema: EMPTY } } }
    }
  }
}

/** Returns the paths that only the operator may read. */
export function adminPaths (): Record<string, object> {
  const base = '/admin/api'
  const page = respond('HTML', Type.String(), 'text/html')
  return {
    '/admin': { get: { ...operation('showAdminPage', 'The page of the operator', page, []), security: [] } },
    [`${base}/status`]: get('readStatus', 'Status of this relay and its store', 'Status'),
    [`${base}/samples`]: get('readSamples', 'Measurements of this process', 'Samples', { query: SamplesQuerySchema }),
    [`${base}/tasks`]: get('listTasks', 'Tasks, most recent activity first', 'TaskList', {
      query: TaskListQuerySchema
    }),
    [`${base}/tasks/{taskId}`]: get('readTimeline', 'Events and submissions of a task', 'Timeline', {
      path: TaskParamsSchema, query: TimelineQuerySchema
    }),
    [`${base}/refusals`]: get('listRefusals', 'Callbacks that were refused', 'Refusals'),
    [`${base}/quarantine`]: get('listQuarantine', 'Callbacks in quarantine', 'Quarantine'),
    [`${base}/quarantine/{id}`]: get('showHeld', 'A callback in quarantine', 'Held', {
      path: HeldParamsSchema, errors: ['NOT_FOUND']
    }),
    [`${base}/quarantine/{id}/replay`]: post('replayHeld', 'Reads a callback in quarantine again', 'Replayed'),
    [`${base}/quarantine/{id}/drop`]: post('dropHeld', 'Drops a callback in quarantine', 'Dropped')
  }
}
