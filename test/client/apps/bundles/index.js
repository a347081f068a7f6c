import { waitForPhrase } from '@phrase-relay/client'
import { usePhrase } from '@phrase-relay/client/react'

waitForPhrase('http://127.0.0.1:3000', 'bundle').then(({ data }) => {
  console.log(data.validateInfo, typeof usePhrase)
})
