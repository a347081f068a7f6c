import { createElement } from 'react'
import { usePhrase } from '@phrase-relay/client/react'

export function Phrase ({ taskId, relay }: { taskId: string, relay: string }) {
  const phrase = usePhrase(taskId, { relay })
  switch (phrase.state) {
    case 'ready': return createElement('q', null, phrase.phrase)
    case 'failed': return createElement('p', null, `No phrase: ${phrase.reason}`)
    case 'refused': return createElement('p', null, phrase.error.message)
    default: return createElement('p', null, phrase.state)
  }
}
