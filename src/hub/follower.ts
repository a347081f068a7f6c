import type { Position } from './cursor.ts'
import { isPageFull } from '../store/page.ts'
import type { TaskEvent } from '../event.ts'
import type { PageReader } from './fair-reader.ts'

const PAGE = 64
const RETRY_MS = 1000

/** Whom a follower delivers to. */
export interface Receiver {
  /** Takes an event, or returns false to leave it: then nothing more comes until `resume()`. Must not throw. */
  deliver (event: TaskEvent): boolean
}

/** One who follows a task: gets every event after its position, once and in order. */
export interface Follower {
  /** Starts delivery, and starts it again after an event was left. */
  resume (): void
  /** Ends delivery at once. Twice is fine. */
  stop (): void
}

/**
 * Delivers a task's events after a position: from the news itself while that is contiguous, else from the store.
 *
 * What it is told may be lost, doubled or out of order: only the event after its cursor is ever delivered. It holds
 * no queue: while events are left, they stay in the store.
 *
 * A class: there is one for each stream, and a closure for each of its methods would weigh more than all that it knows.
 */
export class TaskFollower implements Follower {
  readonly taskId: string
  readonly #reader: PageReader
  readonly #receiver: Receiver
  readonly #left: (follower: TaskFollower) => void
  #cursor = 0
  #newest = 0
  #ready = false
  #reading = false
  #told = false
  #stopped = false
  #known: TaskEvent | undefined
  #retry: NodeJS.Timeout | undefined

  /** @param left - called once when it stops */
  constructor (reader: PageReader, taskId: string, receiver: Receiver, left: (follower: TaskFollower) => void) {
    this.taskId = taskId
    this.#reader = reader
    this.#receiver = receiver
    this.#left = left
  }

  /** Gives it its position; nothing is delivered before the first `resume()`. */
  start ({ after, extent }: Position): void {
    this.#cursor = after
    this.#newest = Math.max(this.#newest, extent.last)
    // Often all that there is to deliver, and then the store need not be read again.
    this.#known = extent.newest
  }

  /** Tells it of an event that was kept, from the moment that it is made. */
  tell (event: TaskEvent): void {
    this.#newest = Math.max(this.#newest, event.seq)
    this.#told = true
    if (!this.#ready || this.#reading) return
    if (event.seq === this.#cursor + 1) this.#take(event)
    else this.#catchUp()
  }

  /** Makes it look at the store, whatever it was told. */
  look (): void {
    this.#newest = Math.max(this.#newest, this.#cursor + 1)
    this.#told = true
    this.#catchUp()
  }

  resume (): void {
    const known = this.#known
    this.#known = undefined
    this.#ready = !this.#stopped
    if (known?.seq === this.#cursor + 1) this.#take(known)
    this.#catchUp()
  }

  stop (): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#ready = false
    clearTimeout(this.#retry)
    this.#left(this)
  }

  #take (event: TaskEvent): boolean {
    // Whoever takes it may have stopped meanwhile.
    this.#ready = this.#ready && this.#receiver.deliver(event) && !this.#stopped
    if (this.#ready) this.#cursor = event.seq
    return this.#ready
  }

  async #catchUp (): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#ready && this.#cursor < this.#newest) {
        this.#told = false
        const events = await this.#reader.read(this.taskId, this.#cursor, PAGE)
        // A look does not know how much there is: what was found may be left, and a full page may not be the last.
        const found = events.at(-1)?.seq ?? 0
        this.#newest = Math.max(this.#newest, isPageFull(events, PAGE) ? found + 1 : found)
        for (const event of events) if (!this.#take(event)) break
        // What it was told of meanwhile may have been kept after the store had looked. Decided in the turn in which the
        // reading ends: what it is told of after that begins a new one.
        if (events.length === 0 && !this.#told) break
      }
    } catch {
      // The store is in trouble. The stream stays, and goes on where it was.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => { this.look() }, RETRY_MS).unref()
    }
    this.#reading = false
  }
}
