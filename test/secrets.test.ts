import t from 'tap'
import { isSameSecret, secretCheck } from '../src/secrets.ts'

t.test('isSameSecret() compares texts of any length', async t => {
  const pairs = [['a', 'a'], ['', ''], ['a', 'b'], ['a', 'aa'], ['é', 'e']] as const
  t.strictSame(pairs.map(([a, b]) => isSameSecret(a, b)), [true, true, false, false, false])
})

t.test('secretCheck() accepts any of the secrets, and nothing without secrets', async t => {
  const isSecret = secretCheck(['one', 'two'])
  t.strictSame(['one', 'two', 'three', ''].map(isSecret), [true, true, false, false])
  t.equal(secretCheck([])(''), false)
})
