import { waitForPhrase } from '@phrase-relay/client'
import { usePhrase } from '@phrase-relay/client/react'

test('a module imports the client', async () => {
  expect(usePhrase).toBeInstanceOf(Function)
  expect(await waitForPhrase('http://127.0.0.1:3000', 'jest')).toMatchObject({ data: { validateInfo: 'Read me' } })
})
