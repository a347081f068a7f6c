import type { Step } from '../../schemas/callback.ts'

const SUCCESS = { errorCode: 0, errorMessage: '' }

// The bodies of the vendor's documentation, for any task.

export function phraseReady (taskId: string, validateInfo = 'Silver rivers hum below the hill') {
  return { code: 200, msg: 'success', data: { taskId, validateInfo, status: 'wait_validating', ...SUCCESS } }
}

export function phraseFailed (taskId: string) {
  const failure = { errorCode: 500, errorMessage: 'Failed to regenerate validation phrase' }
  const data = { taskId, validateInfo: '', status: 'processing_validate_fail', ...failure }
  return { code: 400, msg: 'Validation phrase regeneration failed', data }
}

export function voiceReady (taskId: string) {
  return { code: 200, msg: 'success', data: { taskId, voiceId: taskId, status: 'success', ...SUCCESS } }
}

/** Answer to a sender. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly json: any
}

export interface PostOptions {
  readonly step?: Step
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

/** Posts a callback as the sender does. A string is sent unchanged. */
export async function post (url: string, body: unknown, options: PostOptions = {}): Promise<Reply> {
  const { step, headers = {}, query = '' } = options
  const response = await fetch(`${url}/callback${step ? `/${step}` : ''}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}
