import { useEffect, useState } from 'react'
import { watchTask, type RelayEvent } from 'phrase-relay/client'

/** Returns the newest event of a task, the failure of an attempt since then, or the error that ended the watch. */
export function usePhrase (taskId: string, relay = '') {
  const [seen, setSeen] = useState<{ event?: RelayEvent, failure?: Error, error?: unknown }>({})
  useEffect(() => {
    // The client tries again. If it never succeeds, read the message: it names CORS_ORIGINS if that may be the cause.
    const onFailure = (failure: Error) => { setSeen((seen) => ({ ...seen, failure })) }
    const events = watchTask(relay, taskId, { onFailure })
    const follow = async () => { for await (const event of events) setSeen({ event }) }
    follow().catch((error) => { setSeen({ error }) })
    return () => { events.return(); setSeen({}) }
  }, [taskId, relay])
  return seen
}
