import type { Position } from './cursor.ts'
import { isPageFull } from '../store/page.ts'
import type { TaskEvent } from '../event.ts'
import type { PageReader } from './fair-reader.ts'

const PAGE = 64
const RETRY_MS = 1000

/** Receiver of a follower's events. */
export interface Receiver {
  /** Takes an event, or returns false to refuse it: then nothing more comes until `resume()`. Must not throw. */
  deliver (event: TaskEvent): boolean
}

/** Follower of a task: delivers every event after its position, once and in order. */
export interface Follower {
  /** Starts delivery, and starts it again after an event was refused. */
  resume (): void
  /** Ends delivery at once. Idempotent. */
  stop (): void
}

/**
 * Delivers a task's events after a position: from the news itself while that is contiguous, else from the store.
 *
 * News may be lost, doubled or out of order: only the event after the cursor is ever delivered. There is no queue:
 * refused events stay in the store.
 *
 * A class rather than a factory: there is one for each stream, and closures would take more memory than its state.
 */
export class TaskFollower implements Follower {
  readonly taskId: string
  readonly #reader: PageReader
  readonly #receiver: Receiver
  readonly #onStop: (follower: TaskFollower) => void
  #cursor = 0
  #newest = 0
  #ready = false
  #reading = false
  #isDue = false
  #stopped = false
  #known: TaskEvent | undefined
  #retry: NodeJS.Timeout | undefined

  /** @param onStop - called once when it stops */
  constructor (reader: PageReader, taskId: string, receiver: Receiver, onStop: (follower: TaskFollower) => void) {
    this.taskId = taskId
    this.#reader = reader
    this.#receiver = receiver
    this.#onStop = onStop
  }

  /** Sets the position; nothing is delivered before the first `resume()`. */
  start ({ after, extent }: Position): void {
    this.#cursor = after
    this.#newest = Math.max(this.#newest, extent.last)
    // Often the only event to deliver: this saves a read of the store.
    this.#known = extent.newest
  }

  /** Notifies the follower of a kept event; allowed from its creation on. */
  notify (event: TaskEvent): void {
    this.#newest = Math.max(this.#newest, event.seq)
    this.#isDue = true
    if (!this.#ready || this.#reading) return
    if (event.seq === this.#cursor + 1) this.#take(event)
    else this.#catchUp()
  }

  /** Reads the store, whatever the news was. */
  poll (): void {
    this.#newest = Math.max(this.#newest, this.#cursor + 1)
    this.#isDue = true
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
    this.#onStop(this)
  }

  #take (event: TaskEvent): boolean {
    // The receiver may have stopped the follower.
    this.#ready = this.#ready && this.#receiver.deliver(event) && !this.#stopped
    if (this.#ready) this.#cursor = event.seq
    return this.#ready
  }

  async #catchUp (): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#ready && this.#cursor < this.#newest) {
        this.#isDue = false
        const events = await this.#reader.read(this.taskId, this.#cursor, PAGE)
        // A poll does not know how much there is: events may be refused, and a full page may not be the last.
        const found = events.at(-1)?.seq ?? 0
        this.#newest = Math.max(this.#newest, isPageFull(events, PAGE) ? found + 1 : found)
        for (const event of events) if (!this.#take(event)) break
        // An event may be committed after the read started. Check the flag in the same tick in which the read ends: a
        // later `notify()` starts a new read.
        if (events.length === 0 && !this.#isDue) break
      }
    } catch {
      // The store is unavailable. The follower keeps its cursor and tries again.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => { this.poll() }, RETRY_MS).unref()
    }
    this.#reading = false
  }
}
