import t from 'tap'
import { redisTransactions } from '../../../src/store/redis/transaction.ts'
import type { StoreParts } from '../../../src/store/redis/parts.ts'

const STATE = JSON.stringify(['', {}, {}, {}, {}, {}, '0'])

/** Parts of a store whose commits have these outcomes, the last one again and again. */
function partsWith (outcomes: string[]): StoreParts {
  return {
    writer: {
      ready: async () => {},
      call: async () => [outcomes.length > 1 ? outcomes.shift() : outcomes[0]],
      idle: async () => {}
    },
    seed: '',
    clock: () => 0,
    scriptTime: () => 0,
    noteEpoch () {},
    dedupeWindowMs: 0,
    timeoutMs: 50,
    requireOpen () {},
    ask: async () => ['digest', STATE, 0]
  }
}

t.test('run() runs again after a conflict', async t => {
  const { run } = redisTransactions(partsWith(['conflict', 'conflict', 'done']))
  let runs = 0
  t.equal(await run('lane', {}, () => ++runs), 3)
})

t.test('run() gives up when others change the state for too long', async t => {
  const { run } = redisTransactions(partsWith(['conflict']))
  await t.rejects(run('lane', {}, () => {}), { code: 'STORE_UNAVAILABLE', message: /for 50 ms/ })
})

t.test('run() runs transactions of one lane one after another, also after a failure', async t => {
  const { run } = redisTransactions(partsWith(['done']))
  const order: string[] = []
  const fail = (): never => {
    order.push('first')
    throw new Error('a fault')
  }
  const first = run('lane', {}, fail)
  const second = run('lane', {}, () => { order.push('second') })
  await t.rejects(first, { message: 'a fault' })
  await second
  t.strictSame(order, ['first', 'second'])
})

t.test('append() resolves with undefined when nothing was appended', async t => {
  t.equal(await redisTransactions(partsWith(['done'])).append('lane', {}, () => undefined), undefined)
})
