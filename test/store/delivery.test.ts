import t from 'tap'
import { isRepeat } from '../../src/store/delivery.ts'

const newest = { digest: 'x', at: 1000 }

t.test('isRepeat() is true for the same delivery within the window: the sender retries', async t => {
  t.ok(isRepeat(newest, 'x', 1000, 500))
  t.ok(isRepeat(newest, 'x', 1499, 500))
})

t.test('isRepeat() is false when the window is over: an equal failure later is another failure', async t => {
  t.notOk(isRepeat(newest, 'x', 1500, 500))
})

t.test('isRepeat() is false for anything that differs', async t => {
  t.notOk(isRepeat(newest, 'y', 1000, 500))
})

t.test('isRepeat() is never true with a window of 0', async t => {
  t.notOk(isRepeat(newest, 'x', 1000, 0))
})
