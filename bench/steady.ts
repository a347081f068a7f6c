import { setTimeout as sleep } from 'node:timers/promises'
import { openPoster, type Poster } from './wire.ts'

/** Calls `work` at a steady rate, however slow it is. Resolves with the results. */
export async function atRate<T> (
  { perSecond, seconds }: { perSecond: number, seconds: number }, work: (n: number, due: number) => Promise<T>
): Promise<T[]> {
  const results: Array<Promise<T>> = []
  const start = performance.now()
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = start + n * 1000 / perSecond
    const early = due - performance.now()
    // Calls that are late are made at once.
    if (early > 0) await sleep(early)
    results.push(work(n, due))
  }
  return Promise.all(results)
}

/** Connections for requests of which several may wait for an answer. */
export interface Posters {
  /** Sends a request over a free connection, or else over a new one. Resolves with the status of the answer. */
  send (request: (poster: Poster) => Promise<number>): Promise<number>
  close (): void
}

/** Opens connections when they are needed. */
export function openPosters (port: number): Posters {
  const free: Poster[] = []
  return {
    async send (request) {
      let poster = free.pop()
      // The server closes idle connections.
      while (poster?.isClosed()) poster = free.pop()
      poster ??= openPoster(port)
      const status = await request(poster)
      free.push(poster)
      return status
    },
    close () { for (const poster of free.splice(0)) poster.close() }
  }
}

/** Requires that a request was answered 200. */
export function requireOk (status: number): void {
  if (status !== 200) throw new Error(`Cannot continue: a request got ${status}, expected 200`)
}
