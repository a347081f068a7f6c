import t from 'tap'
import { isPageFull, MAX_PAGE_BYTES, takePage } from '../../src/store/page.ts'

const ofBytes = (bytes: number) => ({ data: 'x'.repeat(bytes) })
const SMALL = ofBytes(1)
const HALF = ofBytes(MAX_PAGE_BYTES / 2)

t.test('takePage() ends a page with the event that reaches the max size', async t => {
  t.strictSame(takePage([SMALL, SMALL]), [SMALL, SMALL])
  t.strictSame(takePage([HALF, SMALL, HALF, SMALL]), [HALF, SMALL, HALF])
  t.strictSame(takePage([ofBytes(MAX_PAGE_BYTES * 2), SMALL]), [ofBytes(MAX_PAGE_BYTES * 2)])
  t.strictSame(takePage([]), [])
})

t.test('takePage() counts bytes, not characters', async t => {
  const wide = { data: '\u58f0'.repeat(Math.ceil(MAX_PAGE_BYTES / 3)) }
  t.strictSame(takePage([wide, SMALL]), [wide])
})

t.test('takePage() takes nothing from the source after the last event of the page', async t => {
  let taken = 0
  function * source () {
    for (;;) {
      taken++
      yield HALF
    }
  }
  takePage(source())
  t.equal(taken, 2)
})

t.test('isPageFull() tells whether a page reached its limit or its max size', async t => {
  t.equal(isPageFull([], 2), false)
  t.equal(isPageFull([SMALL], 2), false)
  t.equal(isPageFull([SMALL, SMALL], 2), true)
  t.equal(isPageFull([HALF, HALF], 10), true)
})
