import { TypeCompiler } from '@sinclair/typebox/compiler'
import { CallbackBodySchema, TaskIdSchema, type CallbackBody, type Step } from '../../schemas/callback.ts'
import { CALLBACK_FIELD, SunoAnswerSchema } from '../../schemas/suno.ts'
import { SunoError, type SunoErrorDetails, type SunoErrorKind } from './error.ts'
import { cannot, createExchange, type Answer } from './exchange.ts'
import { namedTaskIds } from './signature.ts'
import { ASK_PATH, isServerError, meaningOfCode, meaningOfStatus, SUBMIT_PATH, vendorOf, type Vendor } from './vendor.ts'

const TIMEOUT_MS = 10_000
const SUCCESS = 200
// Both vendors allow 20 calls in 10 seconds.
const BUSY_SECONDS = 10
const MAX_WORDS = 500
// Regenerate requires a callback URL. No host has a name under `.invalid` (RFC 2606), so Suno reaches nobody.
const NO_CALLBACK_URL = 'https://phrase-relay.invalid/callback/regenerate'

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

/** Options for `createSunoClient`. */
export interface SunoClientOptions {
  /** Where the vendor's API is, such as `https://api.sunoapi.org`; a path is kept. */
  readonly apiUrl: string
  /** Secret of the vendor's account, sent as a bearer token. */
  readonly apiKey: string
  /** Default: the vendor that `apiUrl` names. */
  readonly vendor?: Vendor
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Limit of a whole call, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number
}

/** The vendor's calls. Every failure is a `SunoError`, by its meaning. */
export interface SunoClient {
  readonly vendor: Vendor
  /**
   * Submits a step. Never sent a second time, unless no connection was made.
   *
   * @param fields - the vendor's own fields, passed on as they are, except for a callback URL in any spelling
   * @param callbackUrl - where Suno reports the outcome. Without one, regenerate gets a URL that cannot be reached
   * @returns the task id, of the alphabet of `TaskIdSchema`
   * @throws {SunoError}
   */
  submit (step: Step, fields: Readonly<Record<string, unknown>>, callbackUrl?: string): Promise<string>
  /**
   * Asks for the state of a task.
   *
   * @returns the answer's body, which has a status. It reads like a callback: give it to `readCallback` with the task id
   *   as its `signedTaskId`, since an answer need not repeat the id
   * @throws {SunoError}
   */
  ask (step: Step, taskId: string): Promise<CallbackBody>
  /** Aborts the calls that are under way; they fail as `unreachable`. */
  close (): void
}

/**
 * Creates a client of the Suno Voice API.
 *
 * @throws {RangeError} when the URL or the API key cannot be used; the message does not show the key
 * @see https://docs.sunoapi.org/suno-api/suno-voice-validate
 */
export function createSunoClient ({ apiUrl, apiKey, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS, ...options }: SunoClientOptions): SunoClient {
  const base = readApiUrl(apiUrl)
  const { vendor = vendorOf(base) } = options
  const headers = { accept: 'application/json', authorization: `Bearer ${readApiKey(apiKey)}` }
  const exchange = createExchange(fetch, timeoutMs)
  const urlOf = (path: string): string => base.origin + base.pathname.replace(/\/+$/, '') + path

  return {
    vendor,
    async submit (step, { callBackUrl: _, calBackUrl: __, ...fields }, callbackUrl = step === 'regenerate' ? NO_CALLBACK_URL : undefined) {
      const body = JSON.stringify({ ...fields, [CALLBACK_FIELD[step]]: callbackUrl })
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }
      const answer = await exchange.send({ url: urlOf(SUBMIT_PATH[step]), init, submits: true })
      if (!isSuccess(answer)) throw failure(answer, { vendor, apiKey, submits: true })
      return readSubmittedId(answer)
    },
    async ask (step, taskId) {
      const url = `${urlOf(ASK_PATH[step])}?taskId=${encodeURIComponent(taskId)}`
      const answer = await exchange.send({ url, init: { headers }, submits: false })
      if (!isSuccess(answer) && !isTaskFailure(answer)) throw failure(answer, { vendor, apiKey, submits: false })
      return readState(answer, taskId)
    },
    close: exchange.close
  }
}

function readApiUrl (text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new RangeError('Cannot call Suno: its API URL is of another form, expected http or https, a host and at most a path')
  }
  return url
}

function readApiKey (apiKey: string): string {
  if (!/^[!-~]+$/.test(apiKey)) throw new RangeError('Cannot call Suno: its API key is empty or of another form, expected printable ASCII')
  return apiKey
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

function readSubmittedId ({ json }: Answer): string {
  const [taskId] = namedTaskIds(json).filter(Boolean)
  if (!taskIds.Check(taskId)) throw unreadable('it accepts the request and names no task id of 1 to 128 of A-Z a-z 0-9 . _ : -', true)
  return taskId
}

function readState ({ json }: Answer, taskId: string): CallbackBody {
  if (!callbackBody.Check(json) || !statusOf(json)) throw unreadable('its answer is not the state of a task', false)
  if (namedTaskIds(json).some((id) => id && id !== taskId)) throw unreadable('its answer names another task', false)
  return json
}

function unreadable (fact: string, submits: boolean): SunoError {
  return new SunoError('unreachable', `${cannot({ submits })}: ${fact}`, { sunoCode: SUCCESS, maybeSubmitted: submits })
}

function failure (answer: Answer, { vendor, apiKey, submits }: { vendor: Vendor, apiKey: string, submits: boolean }): SunoError {
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
  return new SunoError(kind, `${cannot({ submits })}: ${fact} (${isOwnCode ? 'code' : 'HTTP'} ${sunoCode})${words ? `: ${words}` : ''}`, details)
}

/** Reads the vendor's words for people, which may repeat the key. */
function wordsOf (json: unknown, apiKey: string): string | null {
  const { msg, message, error } = Object(json)
  const words = [msg, message, error].find((text) => typeof text === 'string' && text.trim() !== '') as string | undefined
  return words?.replaceAll(apiKey, '[API key]').replace(/\p{Cc}+/gu, ' ').slice(0, MAX_WORDS) ?? null
}
