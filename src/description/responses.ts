import { STATUS_CODES } from 'node:http'
import { STATUS, type RelayErrorCode } from '../errors.ts'

/** Response of an operation. */
export interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>
}

const RETRY_AFTER = { 'Retry-After': { description: 'seconds to wait before a retry', schema: { type: 'integer' } } }
const ALLOW = { Allow: { description: 'methods of the path, in a 405', schema: { type: 'string' } } }
const AUTHENTICATE = { 'WWW-Authenticate': { description: 'the scheme', schema: { type: 'string', const: 'Bearer' } } }
const RETRIED: readonly number[] = [409, 429, 503]
const BEARER: readonly RelayErrorCode[] = ['API_TOKEN_INVALID', 'TICKET_INVALID']

/** Returns a reference to a schema of the components. */
export function refer (name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}

/** Returns a response with a body of one media type. */
export function respond (description: string, schema: object, type = 'application/json'): Response {
  return { description, content: { [type]: { schema } } }
}

const ANY_ERROR = { $ref: '#/components/responses/Problem' }

/** Returns the responses of an operation: those given, one for each status of its errors, and one for other errors. */
export function responses (answers: Readonly<Record<number, Response>>, errors: readonly RelayErrorCode[]) {
  const codes = Map.groupBy(errors, (code) => STATUS[code])
  const problems = [...codes].map(([status, names]) => [status, problem(status, names)])
  return { ...answers, ...Object.fromEntries(problems), '4XX': ANY_ERROR, '5XX': ANY_ERROR }
}

function problem (status: number, codes: readonly RelayErrorCode[]): Response {
  const headers = {
    ...RETRIED.includes(status) && RETRY_AFTER,
    ...codes.some((code) => BEARER.includes(code)) && AUTHENTICATE
  }
  const schema = { ...refer('Problem'), properties: { status: { const: status }, code: { enum: codes } } }
  return { description: STATUS_CODES[status] as string, headers, content: { 'application/problem+json': { schema } } }
}

/** Response for an error of any code. */
export const ANY_PROBLEM: Response = {
  description: 'Any other error',
  headers: ALLOW,
  content: {
    'application/problem+json': {
      schema: { ...refer('Problem'), properties: { code: { enum: Object.keys(STATUS) } } }
    }
  }
}
