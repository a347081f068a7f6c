import t from 'tap'
import { createCalls } from '../../../src/suno/sandbox/calls.ts'
import { createCourier } from '../../../src/suno/sandbox/courier.ts'
import { DEFAULTS } from '../../../src/suno/sandbox/options.ts'
import { keepNewest } from '../../../src/suno/sandbox/recent.ts'

const VALIDATE = { voiceUrl: 'https://app.example/voice.mp3', vocalStartS: 0, vocalEndS: 10 }

t.test('keepNewest() keeps the newest 1,000', async t => {
  const list: number[] = []
  for (let i = 0; i < 1003; i++) keepNewest(list, i)
  t.strictSame([list.length, list[0], list.at(-1)], [1000, 3, 1002])
})

t.test('The sandbox forgets the oldest task beyond 100,000', async t => {
  const never = () => () => {}
  const calls = createCalls(DEFAULTS, createCourier(DEFAULTS, never), never)
  const submit = () => (calls.get('POST validate')?.(VALIDATE).data as { taskId: string }).taskId
  const ask = (taskId: string) => calls.get('GET validate-info')?.({ taskId }).code
  const [first, second] = [submit(), submit()]
  for (let i = 2; i < 100_001; i++) submit()
  t.strictSame([ask(first), ask(second)], [400, 200])
})
