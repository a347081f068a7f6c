import { TypeCompiler } from '@sinclair/typebox/compiler'
import { CallbackBodySchema, TaskIdSchema, type CallbackBody } from '../../schemas/callback.ts'
import { SunoAnswerSchema } from '../../schemas/suno.ts'
import { redactTokens } from '../secrets.ts'
import { SunoError, type SunoErrorDetails, type SunoErrorKind } from './error.ts'
import { cannot, type Answer } from './exchange.ts'
import { namedTaskIds } from './signature.ts'
import { isServerError, meaningOfCode, meaningOfStatus, type Vendor } from './vendor.ts'

const SUCCESS = 200
// Both vendors allow 20 calls in 10 seconds.
const BUSY_SECONDS = 10
const MAX_WORDS = 500

const FACT: Readonly<Record<SunoErrorKind, string>> = {
  refused: 'it refuses the request',
  'no-credits': 'the account has no credits left',
  busy: 'too many requests',
  unauthorized: 'it does not accept the API key',
  unreachable: 'it is unavailable'
}

const envelope = TypeCompiler.Compile(SunoAnswerSchema)
const callbackBody = TypeCompiler.Compile(CallbackBodySchema)
const taskIds = TypeCompiler.Compile(TaskIdSchema)

/** The account that a call was made with. */
export interface Account {
  readonly vendor: Vendor
  /** Removed from Suno's words. */
  readonly apiKey: string
}

/**
 * Reads the task id of a submission's answer.
 *
 * @throws {SunoError} when Suno did not accept it, or names no task id
 */
export function readSubmittedId (answer: Answer, account: Account): string {
  if (!isSuccess(answer)) throw failure(answer, account, true)
  const { json } = answer
  const [taskId] = namedTaskIds(json).filter(Boolean)
  if (!taskIds.Check(taskId)) {
    throw unreadable('it accepts the request and names no task id of 1 to 128 of A-Z a-z 0-9 . _ : -', true)
  }
  return taskId
}

/**
 * Reads the answer to a question about a task.
 *
 * @throws {SunoError} when it is not the state of this task
 */
export function readState (answer: Answer, account: Account, taskId: string): CallbackBody {
  if (!isSuccess(answer) && !isTaskFailure(answer)) throw failure(answer, account, false)
  const { json } = answer
  if (!callbackBody.Check(json) || !statusOf(json)) throw unreadable('its answer is not the state of a task', false)
  if (namedTaskIds(json).some((id) => id && id !== taskId)) throw unreadable('its answer names another task', false)
  return json
}

function codeOf ({ json }: Answer): number | undefined {
  return envelope.Check(json) ? json.code : undefined
}

function isOk (status: number): boolean {
  return status >= 200 && status < 300
}

function isSuccess (answer: Answer): boolean {
  return isOk(answer.status) && codeOf(answer) === SUCCESS
}

/** A failed task is a state, although its answer has another code than 200. */
function isTaskFailure ({ status, json }: Answer): boolean {
  return isOk(status) && callbackBody.Check(json) && /(^|_)fail$/.test(statusOf(json))
}

function statusOf (json: unknown): string {
  const { data, status } = json as { data?: { status?: unknown }, status?: unknown }
  return String(data?.status || status || '')
}

function unreadable (fact: string, submits: boolean): SunoError {
  return new SunoError('unreachable', `${cannot({ submits })}: ${fact}`, { sunoCode: SUCCESS, maybeSubmitted: submits })
}

function failure (answer: Answer, { vendor, apiKey }: Account, submits: boolean): SunoError {
  const { status, json } = answer
  const code = codeOf(answer)
  const isOwnCode = code !== undefined && code !== SUCCESS
  const sunoCode = isOwnCode ? code : status
  const kind = isOwnCode ? meaningOfCode(vendor, code) : meaningOfStatus(status, json !== undefined)
  const words = wordsOf(json, apiKey)
  const details: SunoErrorDetails = {
    sunoCode,
    words,
    retryAfterSeconds: answer.retryAfterSeconds ?? (kind === 'busy' ? BUSY_SECONDS : null),
    // A code of a refusal or of maintenance says that nothing was started; a server's failure or a web page does not.
    maybeSubmitted: submits && kind === 'unreachable' && (!isOwnCode || isServerError(code)),
    timedOut: false
  }
  const isForeign = kind === 'unreachable' && !isOwnCode && !isServerError(status)
  const fact = isForeign ? 'its answer has another form' : FACT[kind]
  const number = `${isOwnCode ? 'code' : 'HTTP'} ${sunoCode}`
  return new SunoError(kind, `${cannot({ submits })}: ${fact} (${number})${words ? `: ${words}` : ''}`, details)
}

/** Reads the vendor's words for people, which may repeat the key. */
function wordsOf (json: unknown, apiKey: string): string | null {
  const { msg, message, error } = Object(json)
  const words: string | undefined = [msg, message, error].find((text) => typeof text === 'string' && text.trim() !== '')
  const safe = words && redactTokens(words.replaceAll(apiKey, '[API key]'))
  return safe?.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_WORDS) ?? null
}
