import type { TaskEvent } from '../schemas/event.ts'
import type { Position } from './cursor.ts'
import type { EventStore } from './store/store.ts'

const PAGE = 64
const RETRY_MS = 1000

/** Takes an event, or returns false to leave it: then nothing more comes until `resume()`. Must not throw. */
export type Deliver = (event: TaskEvent) => boolean

/** One who follows a task: gets every event after its position, once and in order. */
export interface Follower {
  /** Where it started. */
  readonly position: Position
  /** Starts delivery, and starts it again after an event was left. */
  resume (): void
  /** Ends delivery at once. Twice is fine. */
  stop (): void
}

/** A follower as the hub sees it: told of events from the moment that it is made, delivering from its start. */
export interface ToldFollower {
  /** Gives it its position; nothing is delivered before the first `resume()`. */
  start (position: Position): Follower
  /** Tells it of an event that was kept. */
  tell (event: TaskEvent): void
  /** Makes it look at the store, whatever it was told. */
  look (): void
  stop (): void
}

/**
 * Delivers a task's events after a position: from the news itself while that is contiguous, else from the store.
 *
 * What it is told may be lost, doubled or out of order: only the event after its cursor is ever delivered. It holds
 * no queue: while events are left, they stay in the store.
 *
 * @param left - called once when it stops
 */
export function createFollower (store: EventStore, taskId: string, deliver: Deliver, left: () => void): ToldFollower {
  let cursor = 0
  let newest = 0
  let ready = false
  let reading = false
  let told = false
  let stopped = false
  let retry: NodeJS.Timeout | undefined

  function take (event: TaskEvent): boolean {
    // Whoever takes it may have stopped meanwhile.
    ready = ready && deliver(event) && !stopped
    if (ready) cursor = event.seq
    return ready
  }

  function behind (): boolean {
    return ready && cursor < newest
  }

  async function readPage (): Promise<boolean> {
    told = false
    const events = await store.read(taskId, cursor, PAGE)
    // A look does not know how much there is: what was found may be left, and a full page may not be the last.
    const found = events.at(-1)?.seq ?? 0
    newest = Math.max(newest, events.length === PAGE ? found + 1 : found)
    for (const event of events) if (!take(event)) break
    // What it was told of meanwhile may have been kept after the store had looked.
    return events.length > 0 || told
  }

  async function catchUp (): Promise<void> {
    if (reading) return
    reading = true
    try {
      while (behind() && await readPage());
    } catch {
      // The store is in trouble. The stream stays, and goes on where it was.
      clearTimeout(retry)
      retry = setTimeout(look, RETRY_MS).unref()
    }
    reading = false
  }

  function tell (event: TaskEvent): void {
    newest = Math.max(newest, event.seq)
    told = true
    if (!ready || reading) return
    if (event.seq === cursor + 1) take(event)
    else catchUp()
  }

  function look (): void {
    newest = Math.max(newest, cursor + 1)
    told = true
    catchUp()
  }

  function resume (): void {
    ready = !stopped
    catchUp()
  }

  function stop (): void {
    if (stopped) return
    stopped = true
    ready = false
    clearTimeout(retry)
    left()
  }

  function start (position: Position): Follower {
    cursor = position.after
    newest = Math.max(newest, position.extent.last)
    return { position, resume, stop }
  }

  return { start, tell, look, stop }
}
