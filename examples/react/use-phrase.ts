import { useEffect, useState } from 'react'
import { watchTask, type RelayEvent } from 'phrase-relay/client'

/** Returns the newest event of a task, or the error that ended the watch. */
export function usePhrase (taskId: string, relay = '') {
  const [seen, setSeen] = useState<{ event?: RelayEvent, error?: unknown }>({})
  useEffect(() => {
    const events = watchTask(relay, taskId)
    const follow = async () => { for await (const event of events) setSeen({ event }) }
    follow().catch((error) => { setSeen({ error }) })
    return () => { events.return(); setSeen({}) }
  }, [taskId, relay])
  return seen
}
