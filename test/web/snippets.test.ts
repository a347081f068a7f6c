import t from 'tap'
import { describeCallback, snippets } from '../../src/web/snippets.js'

const BASE = 'https://relay.example/x/'
const OPEN = { tickets: false, tokens: false, publicUrl: '' }

t.test('snippets: contain the real URL, and a placeholder if a ticket is required', async t => {
  const open = snippets(BASE, 'a', OPEN)
  const closed = snippets(BASE, 'a', { ...OPEN, tickets: true })

  t.match(open.browser, "const url = 'https://relay.example/x/events/a'")
  t.equal(open.shell, 'curl -N https://relay.example/x/events/a')
  // eslint-disable-next-line no-template-curly-in-string
  t.match(closed.browser, 'const url = `https://relay.example/x/events/a?ticket=${ticket}`')
  t.equal(closed.shell, 'curl -N -H "Authorization: Bearer $TICKET" https://relay.example/x/events/a')
})

t.test('snippets: have a callback URL for each step, at the public URL if that is set', async t => {
  t.match(snippets(BASE, 'a', OPEN), {
    validate: 'https://relay.example/x/callback/validate',
    regenerate: 'https://relay.example/x/callback/regenerate',
    generate: 'https://relay.example/x/callback/generate'
  })
  const { generate } = snippets('http://localhost:3000/', 'a', { ...OPEN, publicUrl: 'https://relay.example' })
  t.equal(generate, 'https://relay.example/callback/generate')
})

t.test('snippets: a callback URL has a placeholder if callbacks may carry a token', async t => {
  const { validate } = snippets(BASE, 'a', { ...OPEN, tokens: true })
  t.equal(validate, 'https://relay.example/x/callback/validate?token=CALLBACK_TOKEN')
})

t.test('describeCallback: says what is missing before Suno can use a callback URL', async t => {
  t.equal(describeCallback(BASE, false), '')
  t.match(describeCallback(BASE, true), /^Replace CALLBACK_TOKEN by one of the tokens in the setting CALLBACK_TOKENS.$/)
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
    t.match(describeCallback(`http://${host}:3000/`, false), /^Suno cannot reach this machine/)
  }
  t.match(describeCallback('http://localhost/', true), /^Replace .+ Suno cannot reach/)
})
