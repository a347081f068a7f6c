import type { CallbackBody, Step } from '../../schemas/callback.ts'
import { CALLBACK_FIELD } from '../../schemas/suno.ts'
import { readState, readSubmittedId } from './answer.ts'
import { createExchange } from './exchange.ts'
import { ASK_PATH, SUBMIT_PATH, vendorOf, type Vendor } from './vendor.ts'

const TIMEOUT_MS = 10_000
// Regenerate requires a callback URL. No host has a name under `.invalid` (RFC 2606), so Suno reaches nobody.
const NO_CALLBACK_URL = 'https://phrase-relay.invalid/callback/regenerate'

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
   * @returns the answer's body, which has a status. It reads like a callback: give it to `readCallback` with the task
   *   id as its `signedTaskId`, since an answer need not repeat the id
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
export function createSunoClient (options: SunoClientOptions): SunoClient {
  const { apiUrl, apiKey, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS } = options
  const base = readApiUrl(apiUrl)
  const { vendor = vendorOf(base) } = options
  const account = { vendor, apiKey }
  const headers = { accept: 'application/json', authorization: `Bearer ${readApiKey(apiKey)}` }
  const exchange = createExchange(fetch, timeoutMs)
  const urlOf = (path: string): string => base.origin + base.pathname.replace(/\/+$/, '') + path

  return {
    vendor,
    async submit (step, { callBackUrl: _, calBackUrl: __, ...fields }, callbackUrl) {
      const target = callbackUrl ?? (step === 'regenerate' ? NO_CALLBACK_URL : undefined)
      const body = JSON.stringify({ ...fields, [CALLBACK_FIELD[step]]: target })
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }
      return readSubmittedId(await exchange.send({ url: urlOf(SUBMIT_PATH[step]), init, submits: true }), account)
    },
    async ask (step, taskId) {
      const url = `${urlOf(ASK_PATH[step])}?taskId=${encodeURIComponent(taskId)}`
      return readState(await exchange.send({ url, init: { headers }, submits: false }), account, taskId)
    },
    close: exchange.close
  }
}

function readApiUrl (text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new RangeError('Cannot call Suno: its API URL is of another form, expected http(s)://host/path')
  }
  return url
}

function readApiKey (apiKey: string): string {
  if (!/^[!-~]+$/.test(apiKey)) {
    throw new RangeError('Cannot call Suno: its API key is empty or of another form, expected printable ASCII')
  }
  return apiKey
}
