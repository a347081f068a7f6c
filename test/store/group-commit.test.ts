import t, { type Test } from 'tap'
import { groupCommit } from '../../src/store/group-commit.ts'

/** A commit that ends when the test says so, and the groups that it was given. */
function gatedCommit () {
  const groups: number[][] = []
  const gates: Array<PromiseWithResolvers<void>> = []
  const started: Array<PromiseWithResolvers<void>> = [Promise.withResolvers()]
  const add = groupCommit<number, number>(async (group) => {
    const gate = Promise.withResolvers<void>()
    groups.push(group)
    gates.push(gate)
    started.push(Promise.withResolvers())
    started.at(-2)?.resolve()
    await gate.promise
    return group.map((n) => n * 10)
  })
  return { add, groups, gates, begun: (n: number) => started[n]?.promise }
}

t.test('groupCommit() commits together what arrives in one turn', async t => {
  const groups: number[][] = []
  const add = groupCommit<number, number>(async (group) => {
    groups.push(group)
    return group.map((n) => n * 10)
  })
  t.strictSame(await Promise.all([add(1), add(2), add(3)]), [10, 20, 30])
  t.strictSame(groups, [[1, 2, 3]])
})

/** A clock that stands still until it is told how long the turns of the event loop have taken. */
function handClock (t: Test): (ms: number) => Promise<void> {
  let now = 0
  t.intercept(performance, 'now', { value: () => now })
  return async (ms) => {
    now += ms
    await new Promise(setImmediate)
  }
}

t.test('groupCommit() gathers while the event loop is busy', async t => {
  const { add, groups, gates, begun } = gatedCommit()
  const turn = handClock(t)
  const outcomes = [add(1)]
  await turn(0.5)
  outcomes.push(add(2))
  await turn(0)
  await begun(0)
  gates[0]?.resolve()
  t.strictSame(await Promise.all(outcomes), [10, 20])
  t.strictSame(groups, [[1, 2]])
})

t.test('groupCommit() does not wait for the end of a busy time', async t => {
  const { add, groups } = gatedCommit()
  const turn = handClock(t)
  add(1)
  await turn(1)
  t.strictSame(groups, [])
  await turn(1)
  t.strictSame(groups, [[1]])
})

t.test('groupCommit() does not wait for the end of a turn that takes long', async t => {
  const { add, groups, gates } = gatedCommit()
  let now = 0
  t.intercept(performance, 'now', { value: () => now })
  let turnHasEnded = false
  setImmediate(() => { turnHasEnded = true })
  add(1)
  now = 20
  add(2)
  now = 21
  add(3)
  await Promise.resolve().then(() => {}).then(() => {})
  t.strictSame(groups, [[1, 2, 3]])

  add(4)
  now = 42
  gates[0]?.resolve()
  for (let i = 0; i < 20; i++) await Promise.resolve()
  t.strictSame(groups, [[1, 2, 3], [4]], 'one that has waited for a commit goes at once')
  t.notOk(turnHasEnded)
})

t.test('groupCommit() puts what arrives during a commit into the next', async t => {
  const { add, groups, gates, begun } = gatedCommit()
  const first = add(1)
  await begun(0)
  const later = [add(2), add(3)]
  t.strictSame(groups, [[1]])
  gates[0]?.resolve()
  t.equal(await first, 10)
  await begun(1)
  gates[1]?.resolve()
  t.strictSame(await Promise.all(later), [20, 30])
  t.strictSame(groups, [[1], [2, 3]])
})

t.test('groupCommit() puts no more than 512 into one commit', async t => {
  const sizes: number[] = []
  const add = groupCommit<number, number>(async (group) => {
    sizes.push(group.length)
    return group
  })
  const outcomes = await Promise.all(Array.from({ length: 1100 }, (_, i) => add(i)))
  t.strictSame(sizes, [512, 512, 76])
  t.equal(outcomes.at(-1), 1099)
})

t.test('groupCommit() tells everyone of a group that it failed, and goes on with the next', async t => {
  let failures = 1
  const add = groupCommit<number, number>(async (group) => {
    if (failures-- > 0) throw new Error('disk full')
    return group
  })
  const group = [add(1), add(2)]
  for (const one of group) await t.rejects(one, { message: 'disk full' })
  t.equal(await add(3), 3)
})

t.test('groupCommit() idle() resolves when nothing waits', async t => {
  const outcomes: number[] = []
  const add = groupCommit<number, number>(async (group) => group)
  await add.idle()
  add(1).then((outcome) => outcomes.push(outcome))
  await add.idle()
  t.strictSame(outcomes, [1])
})
