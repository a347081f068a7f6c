'use client'

import { usePhrase } from '@phrase-relay/client/react'

export function Phrase () {
  const phrase = usePhrase('next', { relay: 'http://127.0.0.1:3000' })
  return <output>{phrase.phrase ?? phrase.state}</output>
}
