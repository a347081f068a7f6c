import { hash } from 'node:crypto'
import { TypeCompiler, type ValueError } from '@sinclair/typebox/compiler'
import { CallbackBodySchema, TaskIdSchema, type CallbackBody, type Step } from '../../schemas/callback.ts'
import type { EventData, EventName } from '../../schemas/event.ts'
import { RelayError } from '../errors.ts'
import { isOutcome, type EventDraft, type Held } from '../event.ts'

const MAX_DEPTH = 64
const SUCCESS = 200
const FAILED = new Set(['processing_validate_fail', 'fail'])

const body = TypeCompiler.Compile(CallbackBodySchema)
const taskIds = TypeCompiler.Compile(TaskIdSchema)

/** Task and event of a callback. */
export interface ReadCallback {
  readonly taskId: string
  readonly draft: EventDraft
}

/** Facts about a callback that its body does not say. */
export interface Reception {
  readonly receivedAt: Date
  /** Task id that the signature covers: the callback's own, where the body names several. */
  readonly signedTaskId?: string | undefined
  /** Id of the reservation that the callback's URL carried. */
  readonly submission?: string | undefined
  /** `query` for an answer to a question of the relay. Default: `callback`. */
  readonly source?: 'callback' | 'query'
}

/**
 * Reads the JSON body of a callback, or of an answer to a question, which has the same form.
 *
 * @param step - the call that it answers
 * @throws {RelayError} `CALLBACK_UNREADABLE` when a field is missing or of a wrong type, the task id is missing or
 *   outside its alphabet, or the body is nested more than 64 deep
 * @see https://docs.sunoapi.org/suno-api/voice-validate-callbacks
 */
export function readCallback (step: Step, json: unknown, reception: Reception): ReadCallback {
  if (!body.Check(json)) throw unreadable(json)
  const taskId = readTaskId(json, reception.signedTaskId)
  const event = eventName(step, json)
  // First, since it refuses a depth that would break the stack in JSON.stringify.
  const digest = digestOf(step, json)
  const data = JSON.stringify(eventData(step, taskId, json, reception))
  const progress = isOutcome(event) ? undefined : json.data?.status ?? ''
  const about = { step, meaning: meaningOf(event, json), progress, submission: reception.submission }
  return { taskId, draft: { event, data, digest, about } }
}

/**
 * Reads a quarantined callback as if it were read when it was received.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` when it still cannot be read
 */
export function readHeld ({ step, body, at, signedTaskId }: Held): ReadCallback {
  return readCallback(step, JSON.parse(body), { receivedAt: new Date(at), signedTaskId: signedTaskId ?? undefined })
}

/**
 * A digest that is equal for equal bodies of one step, whatever the order of their keys.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` when the body is nested more than 64 deep
 */
export function digestOf (step: Step, json: unknown): string {
  return hash('sha256', step + JSON.stringify(inOrder(json)), 'base64url')
}

/**
 * The task id of a callback: the one that is signed, else in whichever of its four spellings comes first: `data.taskId`,
 * `data.task_id`, `taskId`, `task_id`. Null and empty ones are passed over.
 *
 * @throws {RelayError} `CALLBACK_UNREADABLE` when there is none, or it is outside its alphabet
 */
function readTaskId (body: CallbackBody, signedTaskId?: string): string {
  const id = signedTaskId ?? (body.data?.taskId || body.data?.task_id || body.taskId || body.task_id)
  if (!id) throw new RelayError('CALLBACK_UNREADABLE', 'Cannot read the callback: it names no task, expected a task id in data.taskId')
  if (!taskIds.Check(id)) throw new RelayError('CALLBACK_UNREADABLE', 'Cannot read the callback: its task id has other characters or another length, expected 1 to 128 of A-Z a-z 0-9 . _ : -')
  return id
}

function eventName (step: Step, { code, data }: CallbackBody): EventName {
  const failed = code !== SUCCESS || FAILED.has(data?.status ?? '')
  return step === 'generate' ? voiceEvent(failed, data) : phraseEvent(failed, data)
}

function phraseEvent (failed: boolean, data: CallbackBody['data']): EventName {
  if (failed) return 'phrase-failed'
  return data?.status === 'wait_validating' && data.validateInfo?.trim() ? 'phrase-ready' : 'task-update'
}

function voiceEvent (failed: boolean, data: CallbackBody['data']): EventName {
  if (failed) return 'voice-failed'
  const voiceId = data?.status === 'success' && data.voiceId?.trim()
  if (!voiceId) return 'task-update'
  // kie.ai reports a voice that does not match as a success whose id is this word.
  return voiceId === 'fail' ? 'voice-failed' : 'voice-ready'
}

/** Returns a digest of an outcome's phrase, voice or error; undefined for an event that is no outcome. */
function meaningOf (event: EventName, { data }: CallbackBody): string | undefined {
  if (!isOutcome(event)) return undefined
  const { validateInfo, voiceId, errorCode, errorMessage } = data ?? {}
  // Neither code nor msg: a failure has 400 in a callback and 200 in an answer.
  const error = `${errorCode || 0} ${errorMessage?.trim() ?? ''}`
  const outcome = event === 'phrase-ready' ? validateInfo : event === 'voice-ready' ? voiceId : error
  return hash('sha256', `${event} ${outcome?.trim()}`, 'base64url')
}

function eventData (step: Step, taskId: string, { code, msg, data }: CallbackBody, reception: Reception): EventData {
  const { receivedAt, source = 'callback' } = reception
  const { taskId: _, task_id: __, status = null, validateInfo = null, errorCode = null, errorMessage = null, ...unknown } = data ?? {}
  const known = { taskId, step, code, msg: msg ?? null, status, validateInfo, errorCode, errorMessage }
  return { ...known, ...unknown, step, code, msg: known.msg, source, receivedAt: receivedAt.toISOString() }
}

/** The same value with the keys of every object in order, so that equal bodies are equal texts of JSON. */
function inOrder (value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) throw new RelayError('CALLBACK_UNREADABLE', `Cannot read the callback: it is nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(value)) return value.map((item) => inOrder(item, depth + 1))
  // Without a prototype, a key that is called __proto__ is one like any other.
  const ordered: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(value).sort()) ordered[key] = inOrder((value as Record<string, unknown>)[key], depth + 1)
  return ordered
}

function unreadable (json: unknown): RelayError {
  const { path, message } = innermost(body.Errors(json).First() as ValueError)
  return new RelayError('CALLBACK_UNREADABLE', `Cannot read the callback: ${path || 'the body'} is not as expected: ${message}`)
}

/** An optional field may be null as well: what is wrong with it is told by the first half of that union. */
function innermost (error: ValueError): ValueError {
  const inner = error.errors[0]?.First()
  return inner ? innermost(inner) : error
}
