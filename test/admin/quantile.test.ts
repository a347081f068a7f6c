import t from 'tap'
import { quantileBetween } from '../../src/admin/quantile.ts'

const buckets = (...counts: number[]) => new Map([1, 10, 100, Infinity].map((bound, i) => [bound, counts[i] as number]))
const NONE = buckets(0, 0, 0, 0)

for (const [what, before, after, q, expected] of [
  ['nothing was observed', buckets(5, 5, 5, 5), buckets(5, 5, 5, 5), 0.5, null],
  ['all are in the first bucket', NONE, buckets(4, 4, 4, 4), 0.5, 0.5],
  ['it is within a later bucket', NONE, buckets(1, 3, 3, 3), 0.5, 1 + 9 * 0.25],
  ['it is at the end of a bucket', NONE, buckets(1, 2, 4, 4), 0.5, 10],
  ['empty buckets precede', NONE, buckets(0, 0, 2, 2), 0.5, 55],
  ['it is beyond the last bound', NONE, buckets(0, 0, 0, 3), 0.99, 100],
  ['only later observations count', buckets(9, 9, 9, 9), buckets(9, 10, 10, 10), 1, 10]
] as const) {
  t.test(`quantileBetween() when ${what}`, async t => {
    t.equal(quantileBetween(before, after, q), expected)
  })
}
