import { setTimeout as wait } from 'node:timers/promises'
import { RelayError } from '../errors.ts'
import type { Place } from './address.ts'
import type { Client, Connected } from './client.ts'
import { deadline, DeadlineError } from './deadline.ts'
import type { Finder } from './find.ts'

const MIN_PAUSE_MS = 20
const MAX_PAUSE_MS = 500

/** Connection to the primary, which finds it again whenever the connection is lost. */
export interface Link {
  /** Whether the link is connected to a primary. */
  readonly isUp: boolean
  /**
   * Runs `work` on the connection, and waits for a primary if there is none.
   *
   * @throws {RelayError} `STORE_UNAVAILABLE` if there is no primary or no answer in time, or if `work` fails. The
   *   connection is dropped if it is of no use any more
   */
  use<T> (work: Work<T>): Promise<T>
  /** Drops the connection and finds the primary again. */
  drop (reason: string): void
  /** Closes the connection for good. Idempotent. */
  close (): void
}

/** Work on a connection to the primary. */
export type Work<T> = (client: Client) => Promise<T>

/** Parts of a link. */
export interface LinkOptions {
  readonly finder: Finder
  /** Max wait for a primary, and for an answer, in milliseconds. */
  readonly timeoutMs: number
  /** Prepares a new connection, before anything else uses it. */
  readonly prepare: Work<void>
  readonly onFound: (place: Place, ms: number) => void
  readonly onLost: (reason: string) => void
}

/** Creates a link, which looks for the primary at once. */
export function createLink ({ finder, timeoutMs, prepare, onFound, onLost }: LinkOptions): Link {
  const closing = new AbortController()
  let primary: Connected | undefined
  // The reason of the last failure; undefined while the primary is there.
  let fault: string | undefined
  let finding = find()

  /** Looks for the primary until it is found or the link is closed. Never rejects. */
  async function find (): Promise<void> {
    const start = performance.now()
    for (let pause = MIN_PAUSE_MS; !closing.signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      try {
        primary = await open()
        fault = undefined
        onFound(primary.place, Math.round(performance.now() - start))
        return
      } catch (error) {
        fail((error as Error).message)
      }
      // With jitter: all nodes of a fleet look at once.
      await wait(pause * (0.5 + Math.random()), undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  async function open (): Promise<Connected> {
    const found = await finder.find()
    const { client } = found
    try {
      await deadline(prepare(client), timeoutMs, 'no answer')
      closing.signal.throwIfAborted()
      if (client.status !== 'ready') throw new Error('the connection ended')
      client.once('close', () => { lose(found, 'the connection ended') })
      return found
    } catch (error) {
      client.disconnect()
      throw error
    }
  }

  /** Records a failure, and reports the first one. */
  function fail (reason: string): void {
    if (fault === undefined && !closing.signal.aborted) onLost(reason)
    fault = reason
  }

  function lose (one: Connected, reason: string): void {
    if (primary !== one) return
    primary = undefined
    one.client.disconnect()
    fail(reason)
    finding = find()
  }

  async function findPrimary (): Promise<Connected> {
    await deadline(finding, timeoutMs, 'found no primary').catch((error: Error) => {
      throw new Error(`${error.message}: ${fault}`)
    })
    if (!primary) throw new Error(closing.signal.aborted ? 'it is closed' : `${fault}`)
    return primary
  }

  return {
    get isUp () { return primary !== undefined },

    async use (work) {
      let one: Connected | undefined
      try {
        one = primary ?? await findPrimary()
        return await deadline(work(one.client), timeoutMs, 'no answer')
      } catch (error) {
        if (error instanceof RelayError) throw error
        if (one && isUseless(error)) lose(one, (error as Error).message)
        throw unavailable(error as Error)
      }
    },

    drop (reason) {
      if (primary) lose(primary, reason)
    },

    close () {
      closing.abort()
      primary?.client.disconnect()
      primary = undefined
    }
  }
}

/** Runs work that is safe to repeat: twice, if the first connection was not one to the primary any more. */
export async function useTwice<T> (link: Link, work: Work<T>): Promise<T> {
  try {
    return await link.use(work)
  } catch (error) {
    const { cause } = error as Error
    if (!isUseless(cause) || cause instanceof DeadlineError) throw error
    return link.use(work)
  }
}

/** Whether a server has refused a command, and done nothing: it is not the primary of its keys, or not yet. */
export function isRefusal (error: unknown): boolean {
  return /^(READONLY|MOVED|ASK|TRYAGAIN|LOADING|CLUSTERDOWN|MASTERDOWN) /.test(messageOf(error))
}

/** Whether the connection of a command that failed so is of no use: it ended, is frozen, or leads to another server. */
export function isUseless (error: unknown): boolean {
  if (error instanceof DeadlineError || isRefusal(error)) return true
  const text = messageOf(error)
  return /^(UNBLOCKED|NOAUTH|part of a group) |non local key|connection close|is closed|isn't writeable/.test(text)
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : ''
}

/** Returns the error of a call that needs Redis. */
export function unavailable (cause: Error): RelayError {
  return new RelayError('STORE_UNAVAILABLE', `Cannot use Redis: ${cause.message}`, { cause })
}
