import type { Position } from './cursor.ts'
import type { TaskEvent } from '../event.ts'
import { epochOf, isOfEpoch } from '../store/event-id.ts'
import { isPageFull } from '../store/page.ts'
import type { EventStore } from '../store/store.ts'

const PAGE = 64
const RETRY_MS = 1000

/** Reason why a follower lost its position: the history was replaced or rolled back, or the task was erased. */
export type LossReason = 'history-lost' | 'erased'

/** Receiver of a follower's events. */
export interface Receiver {
  /** Takes an event, or returns false to refuse it: then nothing more comes until `resume()`. Must not throw. */
  deliver (event: TaskEvent): boolean
  /**
   * Called at most once, when the position does not exist any more; the follower has stopped. A new follower with the
   * same cursor gets a gap and all kept events. Must not throw.
   */
  onLost (reason: LossReason): void
}

/** Follower of a task: delivers every event after its position, once and in order. */
export interface Follower {
  /** Starts delivery, and starts it again after an event was refused. */
  resume (): void
  /** Ends delivery at once. Idempotent. */
  stop (): void
}

/** Host of followers. */
export interface FollowerHost {
  /** The follower has read an event from the store. */
  onRead (event: TaskEvent): void
  /** The follower has stopped; called once. */
  onStop (follower: TaskFollower): void
}

/** The part of a store that followers read. */
export type Source = Pick<EventStore, 'read' | 'extent'>

/**
 * Delivers a task's events after a position: from the news itself while that is contiguous, else from the store.
 *
 * News may be lost, doubled or out of order: only the event after the cursor is ever delivered. There is no queue:
 * refused events stay in the store. News of another epoch than the cursor's may mean that part of the history was
 * lost: the store is asked with the cursor, and if it does not know the cursor, the position is lost.
 *
 * A class rather than a factory: there is one for each stream, and closures would take more memory than its state.
 */
export class TaskFollower implements Follower {
  readonly taskId: string
  readonly #source: Source
  readonly #receiver: Receiver
  readonly #host: FollowerHost
  #cursor = 0
  #epoch = ''
  #newest = 0
  #ready = false
  #reading = false
  #isDue = false
  #stopped = false
  #known: TaskEvent | undefined
  #retry: NodeJS.Timeout | undefined

  constructor (taskId: string, receiver: Receiver, { source, host }: { source: Source, host: FollowerHost }) {
    this.taskId = taskId
    this.#source = source
    this.#receiver = receiver
    this.#host = host
  }

  /** Sets the position; nothing is delivered before the first `resume()`. */
  start ({ after, epoch, extent }: Position): void {
    this.#cursor = after
    this.#epoch = epoch
    this.#newest = Math.max(this.#newest, extent.last)
    // Often the only event to deliver: this saves a read of the store.
    this.#known = extent.newest
  }

  /**
   * Notifies the follower of a kept event; allowed from its creation on.
   *
   * @param epoch - epoch of the event. The same string each time makes the comparison cheap for thousands of followers
   */
  notify (event: TaskEvent, epoch = epochOf(event.id)): void {
    const isSameEpoch = epoch === this.#epoch
    this.#newest = Math.max(this.#newest, event.seq)
    this.#isDue ||= this.#reading || !isSameEpoch
    if (!this.#ready || this.#reading) return
    if (isSameEpoch && event.seq === this.#cursor + 1) this.#take(event, epoch)
    else this.#catchUp()
  }

  /** Reads the store, whatever the news was. */
  poll (): void {
    this.#isDue = true
    this.#catchUp()
  }

  resume (): void {
    const known = this.#known
    this.#known = undefined
    this.#ready = !this.#stopped
    if (known?.seq === this.#cursor + 1) this.#take(known, epochOf(known.id))
    this.#catchUp()
  }

  stop (): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#ready = false
    clearTimeout(this.#retry)
    this.#host.onStop(this)
  }

  #take (event: TaskEvent, epoch: string): boolean {
    // The receiver may have stopped the follower.
    this.#ready = this.#ready && this.#receiver.deliver(event) && !this.#stopped
    if (this.#ready) {
      this.#cursor = event.seq
      this.#epoch = epoch
    }
    return this.#ready
  }

  async #catchUp (): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#ready && (this.#isDue || this.#cursor < this.#newest)) if (!await this.#readPage()) break
    } catch {
      // The store is unavailable. The follower keeps its cursor and tries again.
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => { this.poll() }, RETRY_MS).unref()
    }
    this.#reading = false
  }

  /** Delivers a page from the store. Resolves with whether there may be more. */
  async #readPage (): Promise<boolean> {
    this.#isDue = false
    const events = await this.#source.read(this.taskId, `${this.#epoch}.${this.#cursor}`, PAGE)
    if (!events) {
      await this.#lose()
      return false
    }
    const last = events.at(-1)
    if (last) this.#host.onRead(last)
    // The size of the rest is unknown: events may be refused, and a full page may not be the last.
    this.#newest = Math.max(this.#newest, last?.seq ?? 0)
    this.#isDue ||= isPageFull(events, PAGE)
    for (const event of events) {
      const epoch = isOfEpoch(event.id, this.#epoch) ? this.#epoch : epochOf(event.id)
      if (!this.#take(event, epoch)) break
    }
    // An event may be committed after the read started. Check the flag in the same tick in which the read ends: a
    // later `notify()` starts a new read.
    return events.length > 0 || this.#isDue
  }

  async #lose (): Promise<void> {
    const { newest, last } = await this.#source.extent(this.taskId)
    if (this.#stopped) return
    this.stop()
    // An erased task keeps its highest seq and nothing else.
    this.#receiver.onLost(!newest && last >= this.#cursor ? 'erased' : 'history-lost')
  }
}
