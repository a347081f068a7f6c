import type { Step } from '../../schemas/callback.ts'

/** The vendor's documented bodies, for any task. */
export const phraseReady = (taskId: string, validateInfo = 'Silver rivers hum below the hill') =>
  ({ code: 200, msg: 'success', data: { taskId, validateInfo, status: 'wait_validating', errorCode: 0, errorMessage: '' } })

export const phraseFailed = (taskId: string) =>
  ({ code: 400, msg: 'Validation phrase regeneration failed', data: { taskId, validateInfo: '', status: 'processing_validate_fail', errorCode: 500, errorMessage: 'Failed to regenerate validation phrase' } })

export const voiceReady = (taskId: string) =>
  ({ code: 200, msg: 'success', data: { taskId, voiceId: taskId, status: 'success', errorCode: 0, errorMessage: '' } })

/** What a sender got back. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly json: any
}

/** Posts a callback the way the sender does. A string goes out as it is. */
export async function post (url: string, body: unknown, { step, headers = {}, query = '' }: { step?: Step, headers?: Record<string, string>, query?: string } = {}): Promise<Reply> {
  const response = await fetch(`${url}/callback${step ? `/${step}` : ''}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}
