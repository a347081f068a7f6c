import { waitForPhrase, watchTask, watchTasks, type RelayEvent } from '@phrase-relay/client'
import { usePhrase } from '@phrase-relay/client/react'

/** Returns the phrase of an event. */
export function phraseOf ({ event, data }: RelayEvent): string | undefined {
  if (event === 'phrase-ready') return data.validateInfo.toUpperCase()
  // @ts-expect-error -- only `phrase-ready` promises a phrase: the types are not `any`
  return data.validateInfo.toUpperCase()
}

/** Returns the phrases of two tasks. */
export async function read (relay: string): Promise<string> {
  for await (const relayEvent of watchTask(relay, 'a', { replay: 'all' })) phraseOf(relayEvent)
  for await (const { data } of watchTasks(relay, ['a', 'b'])) console.log(data.taskId.toUpperCase())
  return (await waitForPhrase(relay, 'a')).data.validateInfo
}

/** Shows a phrase. */
export function Phrase (): string {
  const phrase = usePhrase('a')
  return phrase.state === 'ready' ? phrase.phrase : phrase.connection
}
