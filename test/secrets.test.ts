import t from 'tap'
import { isSameSecret } from '../src/secrets.ts'

t.test('isSameSecret() tells equal texts from others, of any length', async t => {
  t.strictSame([['a', 'a'], ['', ''], ['a', 'b'], ['a', 'aa'], ['é', 'e']].map(([a, b]) => isSameSecret(a as string, b as string)), [true, true, false, false, false])
})
