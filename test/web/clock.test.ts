import t from 'tap'
import { describeClock, formatDuration, remainingLife } from '../../src/web/clock.js'
import { SCENES } from '../../src/web/scenes.js'

t.test('formatDuration: formats a duration like a clock', async t => {
  t.strictSame([-5, 0, 7_999, 60_000, 179_000].map(formatDuration), ['0:00', '0:00', '0:07', '1:00', '2:59'])
  t.strictSame([3_600_000, 3_661_000].map(formatDuration), ['1:00:00', '1:01:01'])
})

t.test('remainingLife: ends after three minutes, and is full at a negative age', async t => {
  t.strictSame(remainingLife(-5_000), { seconds: 180, state: 'fresh', words: 'about 3:00 left' })
  t.strictSame(remainingLife(60_000), { seconds: 120, state: 'fresh', words: 'about 2:00 left' })
  t.strictSame(remainingLife(120_000), { seconds: 60, state: 'short', words: 'about 1:00 left' })
  t.strictSame(remainingLife(179_500), { seconds: 0.5, state: 'short', words: 'about 0:01 left' })
  t.strictSame(remainingLife(180_000), { seconds: 0, state: 'over', words: 'over for about 0:00' })
})

t.test('describeClock: a phrase has an age and an end', async t => {
  const scene = { ...SCENES.waiting, receivedAt: '2026-01-01T00:00:00.000Z' }
  t.strictSame(describeClock(scene, Date.UTC(2026, 0, 1, 0, 1)), {
    age: 'Age 1:00', seconds: 120, state: 'fresh', words: 'about 2:00 left'
  })
})

t.test('describeClock: a wait has its duration, and is late after a minute', async t => {
  const since = '2026-01-01T00:00:00.000Z'
  const at = (seconds: number) => Date.UTC(2026, 0, 1) + seconds * 1000
  t.match(describeClock({ ...SCENES.waiting, since }, at(60)), { words: 'Waited 1:00', state: 'early' })
  t.match(describeClock({ ...SCENES.waiting, since }, at(61)), { words: 'Waited 1:01', state: 'late' })
  t.match(describeClock({ ...SCENES.unknown, since }, at(90)), { words: 'Listening for 1:30', state: '' })
})

t.test('describeClock: other scenes have no time', async t => {
  t.strictSame(describeClock(SCENES.empty, 0), { age: '', seconds: 0, state: '', words: '' })
})
