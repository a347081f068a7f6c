/** Codes of the conditions that callers are expected to handle. Codes are API, messages are prose. */
export type RelayErrorCode =
  | 'ADMIN_TOKEN_INVALID'
  | 'API_TOKEN_INVALID'
  | 'AUTH_FAILURES_EXCEEDED'
  | 'BODY_NOT_JSON'
  | 'BODY_TOO_LARGE'
  | 'CALLBACK_UNAUTHENTIC'
  | 'CALLBACK_UNREADABLE'
  | 'DRAINING'
  | 'EXPECTATION_FAILED'
  | 'HEADERS_TOO_LARGE'
  | 'HOST_UNKNOWN'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INTERNAL'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'METHOD_NOT_ALLOWED'
  | 'METRICS_FORBIDDEN'
  | 'NOT_ACCEPTABLE'
  | 'NOT_FOUND'
  | 'OVERLOADED'
  | 'QUARANTINE_FULL'
  | 'REQUEST_INVALID'
  | 'REQUEST_TIMEOUT'
  | 'STORE_UNAVAILABLE'
  | 'SUBMISSION_UNDER_WAY'
  | 'SUNO_BUSY'
  | 'SUNO_NOT_CONFIGURED'
  | 'SUNO_NO_CREDITS'
  | 'SUNO_REFUSED'
  | 'SUNO_UNREACHABLE'
  | 'TASK_EXPIRED'
  | 'TASK_FORBIDDEN'
  | 'TASK_UNKNOWN'
  | 'TICKET_INVALID'
  | 'TOO_MANY_STREAMS'
  | 'URL_TOO_LONG'

/** The HTTP status of every code. A code without a status does not compile. */
export const STATUS = {
  ADMIN_TOKEN_INVALID: 401,
  API_TOKEN_INVALID: 401,
  AUTH_FAILURES_EXCEEDED: 429,
  BODY_NOT_JSON: 400,
  BODY_TOO_LARGE: 413,
  CALLBACK_UNAUTHENTIC: 401,
  CALLBACK_UNREADABLE: 400,
  DRAINING: 503,
  EXPECTATION_FAILED: 417,
  HEADERS_TOO_LARGE: 431,
  HOST_UNKNOWN: 421,
  IDEMPOTENCY_KEY_REUSED: 422,
  INTERNAL: 500,
  MEDIA_TYPE_UNSUPPORTED: 415,
  METHOD_NOT_ALLOWED: 405,
  METRICS_FORBIDDEN: 401,
  NOT_ACCEPTABLE: 406,
  NOT_FOUND: 404,
  OVERLOADED: 503,
  QUARANTINE_FULL: 503,
  REQUEST_INVALID: 400,
  REQUEST_TIMEOUT: 408,
  STORE_UNAVAILABLE: 503,
  SUBMISSION_UNDER_WAY: 409,
  SUNO_BUSY: 429,
  SUNO_NOT_CONFIGURED: 501,
  SUNO_NO_CREDITS: 402,
  SUNO_REFUSED: 422,
  SUNO_UNREACHABLE: 502,
  TASK_EXPIRED: 404,
  TASK_FORBIDDEN: 403,
  TASK_UNKNOWN: 404,
  TICKET_INVALID: 401,
  TOO_MANY_STREAMS: 429,
  URL_TOO_LONG: 414
} as const satisfies Record<RelayErrorCode, number>

/** Facts about an error that its code does not say. */
export interface ErrorDetails {
  /** HTTP status in place of the code's own. */
  readonly status?: number | undefined
  /** Suno's own number. */
  readonly sunoCode?: number | null | undefined
  /** Time after which a repeated request may succeed, in seconds. */
  readonly retryAfterSeconds?: number | undefined
  /** Reason for the metrics, if the code is not precise. Clients do not learn it. */
  readonly reason?: string | undefined
}

/** Options of a `RelayError`. */
export interface RelayErrorOptions extends ErrorOptions {
  /** JSON pointer of the field of the input that is at fault. */
  readonly field?: string | undefined
  readonly details?: ErrorDetails
}

/** A condition that callers are expected to handle. Programming mistakes stay `TypeError` and `RangeError`. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: RelayErrorCode
  /** JSON pointer of the field of the input that is at fault. */
  readonly field: string | undefined
  readonly details: ErrorDetails

  constructor (code: RelayErrorCode, message: string, options?: RelayErrorOptions) {
    super(message, options)
    this.code = code
    this.field = options?.field
    this.details = options?.details ?? {}
  }
}
