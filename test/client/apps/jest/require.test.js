const { waitForPhrase } = require('@phrase-relay/client')
const { usePhrase } = require('@phrase-relay/client/react')

test('a script requires the client', async () => {
  expect(usePhrase).toBeInstanceOf(Function)
  expect(await waitForPhrase('http://127.0.0.1:3000', 'jest')).toMatchObject({ data: { validateInfo: 'Read me' } })
})
