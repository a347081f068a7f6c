import type { RelayEvent } from '../../../schemas/relay-event.ts'
import type { WatchOptions } from '../options.ts'
import { watchTask } from '../watch-task.ts'
import type { Seen } from './describe.ts'

/** The component that follows a task. */
export interface Follower {
  /** Returns the options of the last render. */
  readonly options: () => WatchOptions
  /** Changes the state of the component. */
  readonly update: (change: (seen: Seen) => Seen) => void
}

/** Watches a task until the returned function is called. */
export function follow (relay: string | URL, taskId: string, { options, update }: Follower): () => void {
  const { ticket } = options()
  let newest: string | null | undefined
  let isActive = true

  function apply (change: Partial<Seen>): void {
    const now = Date.now()
    if (isActive) update((seen) => ({ ...seen, ...change, now }))
  }

  function applyEvent (event: RelayEvent): void {
    const now = Date.now()
    // Clocks differ: an event that arrives live has no age, whatever its time is.
    const receivedMs = event.id === newest ? Math.min(now, Date.parse(event.data.receivedAt)) : now
    // A watch that starts again delivers the newest event again.
    if (isActive) update((seen) => seen.event?.id === event.id ? seen : { ...seen, event, receivedMs, now })
  }

  async function run (): Promise<void> {
    for await (const event of events) applyEvent(event)
  }

  const events = watchTask(relay, taskId, {
    ...options(),
    // A component often creates a new function with each render.
    ticket: typeof ticket === 'function' ? () => (options().ticket as typeof ticket)() : ticket,
    onStatus (status) { apply({ status, error: undefined }) },
    onReport (report) {
      newest = report.lastEventId
      apply({ report })
    }
  })
  run().catch((error) => { apply({ error }) })

  return () => {
    isActive = false
    events.return()
  }
}
