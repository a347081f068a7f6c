import { hash } from 'node:crypto'
import { TypeCompiler, type ValueError } from '@sinclair/typebox/compiler'
import { CallbackBodySchema, TaskIdSchema, type CallbackBody, type Step } from '../../schemas/callback.ts'
import type { EventData, EventName } from '../../schemas/event.ts'
import { RelayError } from '../errors.ts'
import { isOutcome, type EventDraft, type Held } from '../event.ts'
import { meaningOf } from '../meaning.ts'
import { redactTokens } from '../secrets.ts'

const MAX_DEPTH = 64
const SUCCESS = 200
const FAILED = new Set(['processing_validate_fail', 'fail'])

const body = TypeCompiler.Compile(CallbackBodySchema)
const taskIds = TypeCompiler.Compile(TaskIdSchema)

/** A callback after reading: its task and the event that it becomes. */
export interface ReadCallback {
  readonly taskId: string
  readonly draft: EventDraft
}

/** Facts about a callback that its body does not contain. */
export interface Reception {
  /** Time at which the callback came. */
  readonly receivedAt: Date
  /** Task id that the signature covers. It overrides the task ids of the body. */
  readonly signedTaskId?: string | undefined
  /** Id of the reservation that the callback's URL carried. */
  readonly submission?: string | undefined
  /** `query` for an answer to a question of the relay. Default: `callback`. */
  readonly source?: 'callback' | 'query'
}

/**
 * Reads the JSON body of a callback, or of an answer to a question, which has the same form.
 *
 * @param step - the API call that the callback answers, from its URL
 * @param json - the parsed body
 * @throws {RelayError} `CALLBACK_UNREADABLE` if a field is missing or of a wrong type, the task id is missing or
 *   outside its alphabet, or the body is nested more than 64 levels deep
 * @see https://docs.sunoapi.org/suno-api/voice-validate-callbacks
 */
export function readCallback (step: Step, json: unknown, reception: Reception): ReadCallback {
  if (!body.Check(json)) throw malformed(json)
  const taskId = readTaskId(json, reception.signedTaskId)
  const fields = fieldsOf(json)
  const event = eventName(step, json.code, fields)
  // The digest comes first: it refuses a depth that would overflow the stack in JSON.stringify.
  const digest = digestOf(step, json)
  const { receivedAt, source = 'callback', submission } = reception
  const own = { taskId, step, source, receivedAt: receivedAt.toISOString() }
  // The vendor may repeat the callback URL.
  const data = redactTokens(JSON.stringify(eventData(json, fields, own)))
  const isOver = isOutcome(event)
  const meaning = isOver ? meaningOf(event, fields) : undefined
  const progress = isOver ? undefined : fields.status ?? ''
  const about = { step, meaning, progress, submission }
  return { taskId, draft: { event, data, digest, about } }
}

/**
 * Reads a quarantined callback. The event gets the time at which the callback came.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` if the callback still cannot be read
 */
export function readHeld ({ step, body, at, signedTaskId }: Held): ReadCallback {
  return readCallback(step, JSON.parse(body), { receivedAt: new Date(at), signedTaskId: signedTaskId ?? undefined })
}

/**
 * Returns a digest of a step and a body. The order of keys in the body does not matter.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` if the body is nested more than 64 levels deep
 */
export function digestOf (step: Step, json: unknown): string {
  return hash('sha256', step + JSON.stringify(sortKeys(json)), 'base64url')
}

/**
 * Returns the signed task id, else the first of `data.taskId`, `data.task_id`, `taskId` and `task_id` that is neither
 * null nor empty.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` if there is none, or it is outside its alphabet
 */
function readTaskId (body: CallbackBody, signedTaskId?: string): string {
  const id = signedTaskId ?? (body.data?.taskId || body.data?.task_id || body.taskId || body.task_id)
  if (!id) throw unreadable('it has no task id, expected one in data.taskId', '/data/taskId')
  if (taskIds.Check(id)) return id
  throw unreadable('its task id is malformed, expected 1 to 128 characters of A-Z a-z 0-9 . _ : -', '/data/taskId')
}

/** Fields of a callback: those of `data`, and those at the top level that `data` lacks. */
type Fields = Omit<NonNullable<CallbackBody['data']>, 'taskId' | 'task_id'>

function fieldsOf ({ code: _, msg: __, data, ...top }: CallbackBody): Fields {
  const given = Object.entries(data ?? {}).filter(([, value]) => value !== null && value !== '')
  const { taskId: ___, task_id: ____, ...fields } = { ...data, ...top, ...Object.fromEntries(given) }
  return fields
}

function eventName (step: Step, code: number, fields: Fields): EventName {
  const failed = code !== SUCCESS || FAILED.has(fields.status ?? '')
  return step === 'generate' ? voiceEvent(failed, fields) : phraseEvent(failed, fields)
}

function phraseEvent (failed: boolean, { status, validateInfo }: Fields): EventName {
  if (failed) return 'phrase-failed'
  return status === 'wait_validating' && validateInfo?.trim() ? 'phrase-ready' : 'task-update'
}

function voiceEvent (failed: boolean, fields: Fields): EventName {
  if (failed) return 'voice-failed'
  const voiceId = fields.status === 'success' && fields.voiceId?.trim()
  if (!voiceId) return 'task-update'
  // kie.ai reports a mismatched voice as a success with this text as the id.
  return voiceId === 'fail' ? 'voice-failed' : 'voice-ready'
}

type Own = Required<Pick<EventData, 'taskId' | 'step' | 'source' | 'receivedAt'>>

function eventData ({ code, msg = null }: CallbackBody, fields: Fields, own: Own): EventData {
  const { taskId, step, source, receivedAt } = own
  const known = { taskId, step, code, msg, status: null, validateInfo: null, errorCode: null, errorMessage: null }
  return { ...known, ...fields, step, code, msg, source, receivedAt }
}

/** Copies a value with the keys of every object sorted, so that equal bodies give equal JSON. */
function sortKeys (value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) throw unreadable(`it is nested more than ${MAX_DEPTH} levels deep`)
  if (Array.isArray(value)) return value.map((item) => sortKeys(item, depth + 1))
  // An object without a prototype takes __proto__ as an ordinary key.
  const sorted: Record<string, unknown> = Object.create(null)
  const fields = value as Readonly<Record<string, unknown>>
  for (const key of Object.keys(fields).sort()) sorted[key] = sortKeys(fields[key], depth + 1)
  return sorted
}

function malformed (json: unknown): RelayError {
  const { path, message } = innermost(body.Errors(json).First() as ValueError)
  return unreadable(`${path || 'the body'} has a wrong type: ${message}`, path || undefined)
}

function unreadable (fact: string, field?: string): RelayError {
  return new RelayError('CALLBACK_UNREADABLE', `Cannot read the callback: ${fact}`, { field })
}

/** Optional fields are unions with null: the fault is in the first member of the union. */
function innermost (error: ValueError): ValueError {
  const inner = error.errors[0]?.First()
  return inner ? innermost(inner) : error
}
