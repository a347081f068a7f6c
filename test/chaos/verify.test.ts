import t from 'tap'
import { verify, type Evidence, type Seen } from './verify.ts'

const event = (id: string, text = id): Seen => ({ id, text })
const [ONE, TWO] = [event('x-1.1'), event('x-1.2')] as const

/** Evidence about one task with two events and one watcher, with other parts in place of these. */
function evidence (other: { acknowledged?: Seen[], kept?: Seen[], log?: Array<Seen | 'gap'> }): Evidence {
  const { acknowledged = [ONE, TWO], kept = [ONE, TWO], log = [ONE, TWO] } = other
  return {
    acknowledged: new Map([['a', acknowledged]]),
    kept: new Map([['a', kept]]),
    watched: [{ taskId: 'a', node: 'A', log }]
  }
}

t.test('verify() accepts a history that each watcher has', async t => {
  t.strictSame(verify(evidence({}), false), { faults: [], acknowledged: 2, lost: 0, gaps: 0 })
  t.strictSame(verify(evidence({ log: [ONE, 'gap', ONE, TWO] }), false).faults, [])
})

t.test('verify() accepts lost events if they may be lost and their watcher got a gap', async t => {
  const second = event('x-2.2')
  const lossy = evidence({ kept: [ONE, second], log: [ONE, TWO, 'gap', ONE, second] })
  t.strictSame(verify(lossy, true), { faults: [], acknowledged: 2, lost: 1, gaps: 1 })
  t.strictSame(verify(lossy, false).faults, ['acknowledged and lost: a x-1.2'])
})

const OTHER = event('x-1.2', 'another callback')

const FAULTS: Array<[Parameters<typeof evidence>[0], string]> = [
  [{ kept: [ONE, OTHER], log: [ONE, OTHER] }, 'two contents: a x-1.2'],
  [{ log: [ONE, OTHER] }, 'two contents: a x-1.2'],
  [{ kept: [ONE, event('x-1.2', 'x-1.1')], acknowledged: [ONE], log: [ONE, event('x-1.2', 'x-1.1')] }, 'kept twice: a'],
  [{ kept: [TWO], acknowledged: [], log: [TWO] }, 'hole before: a x-1.2'],
  [{ log: [ONE] }, 'kept and not received: a x-1.2 at A'],
  [{ log: [ONE, ONE, TWO] }, 'received twice: a x-1.1 at A'],
  [{ log: [TWO, ONE, TWO] }, 'received twice: a x-1.1 at A'],
  [{ kept: [ONE, TWO, event('x-1.3')], log: [ONE, event('x-1.3'), 'gap', ONE, TWO, event('x-1.3')] },
    'hole in a stream: a x-1.3 at A'],
  [{ kept: [ONE], acknowledged: [ONE] }, 'received, lost and no gap: a x-1.2 at A']
]

for (const [given, fault] of FAULTS) {
  t.test(`verify() finds: ${fault}`, async t => {
    t.ok(verify(evidence(given), true).faults.includes(fault), JSON.stringify(verify(evidence(given), true)))
  })
}
