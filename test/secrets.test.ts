import t from 'tap'
import { isSameSecret, redactTokens, secretCheck } from '../src/secrets.ts'

t.test('isSameSecret() compares texts of any length', async t => {
  const pairs = [['a', 'a'], ['', ''], ['a', 'b'], ['a', 'aa'], ['é', 'e']] as const
  t.strictSame(pairs.map(([a, b]) => isSameSecret(a, b)), [true, true, false, false, false])
})

t.test('secretCheck() accepts any of the secrets, and nothing without secrets', async t => {
  const isSecret = secretCheck(['one', 'two'])
  t.strictSame(['one', 'two', 'three', ''].map(isSecret), [true, true, false, false])
  t.equal(secretCheck([])(''), false)
})

t.test('redactTokens() removes the values of tokens and tickets in URLs of the relay', async t => {
  const signed = 'eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.a-b_c'
  const cases: Readonly<Record<string, string>> = {
    'https://r.example/callback?token=secret': 'https://r.example/callback?token=[token]',
    '{"url":"https://r.example/x/callback/generate?a=1&token=s%20t&b=2"}':
      '{"url":"https://r.example/x/callback/generate?a=1&token=[token]&b=2"}',
    'https://p.example/?u=https%3A%2F%2Fr.example%2Fcallback%2Fvalidate%3Ftoken%3Dsecret&b=2':
      'https://p.example/?u=https%3A%2F%2Fr.example%2Fcallback%2Fvalidate%3Ftoken%3D[token]&b=2',
    '"https:\\/\\/r.example\\/callback?token\\u003dsecret\\u0026b=2"':
      '"https:\\/\\/r.example\\/callback?token\\u003d[token]\\u0026b=2"',
    [`https://r.example/events/a?ticket=${signed}&lastEventId=x.1`]:
      'https://r.example/events/a?ticket=[ticket]&lastEventId=x.1',
    [`token=${signed} twice token=${signed}`]: 'token=[token] twice token=[token]'
  }
  for (const [text, expected] of Object.entries(cases)) t.equal(redactTokens(text), expected)
})

t.test('redactTokens() leaves other texts as they are', async t => {
  for (const text of [
    '', 'no secret', 'token', 'a ticket to ride = fun', 'https://cdn.example/voice.mp3?token=theirs',
    '{"callback":"x","audio":"https://cdn.example/voice.mp3?token=theirs"}'
  ]) t.equal(redactTokens(text), text)
})
