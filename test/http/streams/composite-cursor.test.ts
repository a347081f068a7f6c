import fc from 'fast-check'
import t from 'tap'
import { digestOf, formatCursor, parseCursor } from '../../../src/http/streams/composite-cursor.ts'

const digest = digestOf(['a', 'b', 'c'])
const epoch = fc.oneof(fc.constantFrom('0a1b2c3d-1', '0a1b2c3d-2', '7', '-'), fc.stringMatching(/^[!-+/-~]{1,20}$/))
const position = fc.tuple(epoch, fc.nat()).map(([epoch, seq]) => `${epoch}.${seq}`)

t.test('composite cursor: names an epoch again only where it changes', async t => {
  const cursor = formatCursor(digest, ['x-1.5', 'x-1.0', 'x-2.7'])
  t.equal(cursor, `${digest}..x-1.5.0..x-2.7`)
  t.strictSame(parseCursor(cursor, digest, 3), ['x-1.5', 'x-1.0', 'x-2.7'])
})

t.test('composite cursor: every list of positions comes back, in printable ASCII without a comma', async t => {
  fc.assert(fc.property(fc.array(position, { minLength: 1, maxLength: 50 }), (positions) => {
    const cursor = formatCursor(digest, positions)
    t.strictSame(parseCursor(cursor, digest, positions.length), positions)
    if (!/^[!-+\--~]+$/.test(cursor)) throw new Error(cursor)
  }))
})

t.test('composite cursor: is small for 50 tasks', async t => {
  const ordinary = Array.from({ length: 50 }, (_, n) => `0a1b2c3d-${'12345678'}.${n % 12}`)
  t.ok(formatCursor(digest, ordinary).length < 200)
  // Each task has another epoch, as after many restarts, and a seq of the max length.
  const worst = Array.from({ length: 50 }, (_, n) => `0a1b2c3d-${10_000_000 + n}.999999999999999`)
  t.ok(formatCursor(digest, worst).length < 2000)
})

t.test('composite cursor: a digest differs for other tasks, another order, and ids that are joined alike', async t => {
  const lists = [['a', 'b', 'c'], ['a', 'c', 'b'], ['a', 'b'], ['ab', 'c'], ['a', 'bc'], ['a.b', 'c']]
  t.equal(new Set(lists.map(digestOf)).size, lists.length)
  t.match(digest, /^[\w-]{11}$/)
})

for (const [what, cursor] of Object.entries({
  'of another list': formatCursor(digestOf(['a', 'b']), ['x-1.5', 'x-1.0', 'x-2.7']),
  'with too few positions': formatCursor(digest, ['x-1.5', 'x-1.0']),
  'with too many positions': formatCursor(digest, ['x-1.5', 'x-1.0', 'x-1.1', 'x-1.2']),
  'that is an event id': 'x-1.5',
  'without positions': digest,
  'that is empty': '',
  'that was cut': `${digest}..x-1`
})) {
  t.test(`composite cursor: a cursor ${what} is none of these tasks`, async t => {
    t.equal(parseCursor(cursor, digest, 3), undefined)
  })
}
