import type { Step } from '../../schemas/callback.ts'
import type { SunoErrorKind } from './error.ts'

/** Vendors of the Suno Voice API: `sunoapi` is sunoapi.org, `kie` is kie.ai. */
export type Vendor = 'sunoapi' | 'kie'

/** Path of the call that submits each step. */
export const SUBMIT_PATH = {
  validate: '/api/v1/voice/validate',
  regenerate: '/api/v1/voice/regenerate',
  generate: '/api/v1/voice/generate'
} as const satisfies Record<Step, string>

/** Path of the call that reads the state of each step's task. */
export const ASK_PATH = {
  validate: '/api/v1/voice/validate-info',
  regenerate: '/api/v1/voice/validate-info',
  generate: '/api/v1/voice/record-info'
} as const satisfies Record<Step, string>

// The vendors mean opposite things by 429.
const MEANING: Readonly<Record<Vendor, Readonly<Record<number, SunoErrorKind>>>> = {
  sunoapi: { 401: 'unauthorized', 405: 'busy', 429: 'no-credits', 430: 'busy', 455: 'unreachable' },
  kie: { 401: 'unauthorized', 402: 'no-credits', 429: 'busy', 455: 'unreachable' }
}

// An answer without the vendor's own code comes from a gateway in front of it, which speaks HTTP.
const HTTP_MEANING: Readonly<Record<number, SunoErrorKind>> = { 401: 'unauthorized', 402: 'no-credits', 429: 'busy' }

/**
 * Returns the vendor that an API URL names, in its host or in a segment of its path, such as
 * `https://gateway.example/api.kie.ai`. Any URL that does not name kie.ai is one of sunoapi.org.
 */
export function vendorOf ({ hostname, pathname }: URL): Vendor {
  return [hostname, ...pathname.split('/')].some((name) => /^(.+\.)?kie\.ai$/.test(name)) ? 'kie' : 'sunoapi'
}

/** Returns the meaning of a vendor's `code` other than 200. */
export function meaningOfCode (vendor: Vendor, code: number): SunoErrorKind {
  return MEANING[vendor][code] ?? (isServerError(code) ? 'unreachable' : 'refused')
}

/** Returns the meaning of an HTTP status without a `code`; `isJson` tells a vendor's answer from a web page. */
export function meaningOfStatus (status: number, isJson: boolean): SunoErrorKind {
  return HTTP_MEANING[status] ?? (isJson && status >= 400 && status < 500 ? 'refused' : 'unreachable')
}

/** Whether a code or a status reports a failure of the server, after which a submission may exist all the same. */
export function isServerError (code: number): boolean {
  return code >= 500 && code < 600
}
