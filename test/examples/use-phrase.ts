import { useEffect, useState } from 'react'
import { watchTask, type RelayEvent } from '../../src/client/index.ts'

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
