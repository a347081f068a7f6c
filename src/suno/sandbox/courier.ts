import { createHmac } from 'node:crypto'
import type { View } from './course.ts'
import type { Fate } from './fate.ts'
import type { SandboxOptions, Schedule } from './options.ts'
import { keepNewest } from './recent.ts'

const MAX_ATTEMPTS = 4
const ANSWER_MS = 15_000

/** Body of a callback. */
export interface CallbackBody {
  readonly code: number
  readonly msg: string
  readonly data: View
}

/** One attempt to deliver a callback. */
export interface Delivery {
  readonly url: string
  readonly body: CallbackBody
  /** 1 for the first attempt, up to 4. */
  readonly attempt: number
  /** HTTP status of the answer; null without one. */
  readonly status: number | null
}

interface Post {
  readonly hmacKey: string
  readonly closed: AbortSignal
}

/** Sends callbacks. */
export interface Courier {
  /** The newest 1,000 attempts, oldest first. */
  readonly deliveries: readonly Delivery[]
  /** Sends a callback as its submission's fate wants it: never, late, twice. Tries up to four times for a 200. */
  send (url: string, body: CallbackBody, fate: Fate): void
  /** Stops attempts that are under way. */
  close (): void
}

/** Creates a courier; `later` runs a function after a time unless the sandbox is closed. */
export function createCourier (options: SandboxOptions, later: Schedule): Courier {
  const { log, resendAfterMs, lateByMs, hmacKey } = options
  const deliveries: Delivery[] = []
  const closed = new AbortController()

  async function attempt (url: string, body: CallbackBody, count = 1): Promise<void> {
    const status = await post(url, body, { hmacKey, closed: closed.signal })
    if (closed.signal.aborted) return
    keepNewest(deliveries, { url, body, attempt: count, status })
    const { origin, pathname } = new URL(url)
    // The query may hold a secret.
    log(`callback of ${body.data.taskId} (${body.data.status}) to ${origin}${pathname}: ${status ?? 'no answer'}`)
    if (status !== 200 && count < MAX_ATTEMPTS) later(() => attempt(url, body, count + 1), resendAfterMs)
  }

  return {
    deliveries,
    send (url, body, fate) {
      if (fate.lose) {
        log(`callback of ${body.data.taskId} (${body.data.status}): lost`)
        return
      }
      const afterMs = fate.late ? lateByMs : 0
      later(() => attempt(url, body), afterMs)
      if (fate.duplicate) later(() => attempt(url, body), afterMs + resendAfterMs)
    },
    close () { closed.abort() }
  }
}

/** Resolves with the HTTP status; null without an answer. */
async function post (url: string, body: CallbackBody, { hmacKey, closed }: Post): Promise<number | null> {
  const headers = { 'content-type': 'application/json', ...hmacKey && sign(hmacKey, body.data.taskId) }
  const signal = AbortSignal.any([closed, AbortSignal.timeout(ANSWER_MS)])
  try {
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status
  } catch {
    return null
  }
}

/** Signs a callback the way of kie.ai: the task id and the time, not the body. */
function sign (key: string, taskId: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', key).update(`${taskId}.${timestamp}`).digest('base64')
  return { 'x-webhook-timestamp': timestamp, 'x-webhook-signature': signature }
}
