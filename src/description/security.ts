const apiKey = (place: 'query' | 'header' | 'cookie', name: string, description: string) => {
  return { type: 'apiKey', in: place, name, description }
}
const bearer = (description: string, bearerFormat?: string) => {
  return { type: 'http', scheme: 'bearer', ...bearerFormat && { bearerFormat }, description }
}

/**
 * Security schemes: proofs of a sender, tickets of watchers, tokens of a backend, of the operator and of readers of the
 * metrics.
 */
export const SECURITY_SCHEMES = {
  callbackToken: apiKey('query', 'token', 'One of CALLBACK_TOKENS, or the token that the relay signed for one task'),
  kieTimestamp: apiKey('header', 'X-Webhook-Timestamp', 'Time of the signature of kie.ai, in seconds since 1970'),
  kieSignature: apiKey('header', 'X-Webhook-Signature', 'HMAC-SHA-256 with one of WEBHOOK_HMAC_KEYS, base64'),
  webhookId: apiKey('header', 'webhook-id', 'Id of the delivery, by Standard Webhooks'),
  webhookTimestamp: apiKey('header', 'webhook-timestamp', 'Time of the signature, in seconds since 1970'),
  webhookSignature: apiKey('header', 'webhook-signature', 'Signatures with one of WEBHOOK_HMAC_KEYS, `v1,` and base64'),
  ticketHeader: bearer('A ticket: HS256 with one of TICKET_KEYS, claims `tasks` and `exp`', 'JWT'),
  ticketQuery: apiKey('query', 'ticket', 'A ticket, for clients that cannot send Authorization'),
  ticketCookie: apiKey('cookie', 'ticket', 'A ticket, for pages of the same site'),
  apiToken: bearer('One of API_TOKENS. Without any, requests of the same machine are accepted'),
  metricsToken: bearer('METRICS_TOKEN, if it is set'),
  adminToken: bearer('ADMIN_TOKEN. Without it, direct requests of the same machine are accepted')
}

// The empty requirement: each proof is needed only if its setting is set.
const NONE = {}

/** Proofs of a callback, any one of which is enough. */
export const SENDER = [
  { callbackToken: [] },
  { kieTimestamp: [], kieSignature: [] },
  { webhookId: [], webhookTimestamp: [], webhookSignature: [] },
  NONE
]

/** Ways to show a ticket. */
export const WATCHER = [{ ticketHeader: [] }, { ticketQuery: [] }, { ticketCookie: [] }, NONE]

/** Proof of a backend. */
export const BACKEND = [{ apiToken: [] }, NONE]

/** Proof of the operator. */
export const OPERATOR = [{ adminToken: [] }, NONE]

/** Proof of a reader of the metrics. */
export const METRICS_READER = [{ metricsToken: [] }, NONE]
