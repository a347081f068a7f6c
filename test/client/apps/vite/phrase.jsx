import { usePhrase } from '@phrase-relay/client/react'

function onComplete ({ phrase }) {
  globalThis.completed.push(phrase)
}

export function Phrase () {
  const phrase = usePhrase('vite', { relay: 'http://127.0.0.1:3000', onComplete })
  globalThis.shown.push(phrase.phrase)
  return <output>{phrase.phrase ?? phrase.state}</output>
}
