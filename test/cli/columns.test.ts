import t from 'tap'
import { columns, formatAge } from '../../src/cli/columns.ts'

t.test('columns() aligns, and escapes what a terminal would execute', async t => {
  t.equal(columns([['A', 'B', 'C'], ['long', 2, '\u001b[31m\u009b']]), 'A     B  C\nlong  2  \\u001b[31m\\u009b\n')
  t.equal(columns([['a', ''], ['b', 'c']]), 'a\nb  c\n')
  t.equal(columns([]), '')
})

t.test('formatAge() has the two largest units', async t => {
  const at = (seconds: number) => formatAge('1970-01-01T00:00:00.000Z', seconds * 1000)
  t.strictSame([0, -5, 59, 60, 125, 3600, 3661, 90_000, 86_405].map(at), [
    '0s', '0s', '59s', '1m', '2m5s', '1h', '1h1m', '1d1h', '1d'
  ])
})
