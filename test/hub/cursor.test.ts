import t from 'tap'
import type { Replay } from '../../schemas/event.ts'
import { resolveCursor } from '../../src/hub/cursor.ts'
import type { Extent } from '../../src/store/store.ts'

const EPOCH = 'e1'

type Epochs = Extent['epochs']

/** Extent of a task whose events `first` to `last` are kept. */
function extent (first: number, last: number, epochs: Epochs = [{ from: 0, epoch: EPOCH }]): Extent {
  const id = `${epochs.at(-1)?.epoch}.${last}`
  const newest = { taskId: 'a', seq: last, id, event: 'task-update', data: '{}' } as const
  return { first, last, newest: first > last ? undefined : newest, epochs }
}

const NEVER = extent(1, 0)
const FIVE = extent(1, 5)
const TRIMMED = extent(6, 5)
const AGAIN = extent(6, 7)
// Kept under two forks: 1 to 2, and 3 to 5.
const FORKED = extent(1, 5, [{ from: 0, epoch: 'l-f1' }, { from: 3, epoch: 'l-f2' }])
// Trimmed up to 5 under one fork, and heard of again under the next one.
const FORKED_AGAIN = extent(6, 7, [{ from: 5, epoch: 'l-f1' }, { from: 6, epoch: 'l-f2' }])
const FORKED_NEVER = extent(1, 0, [{ from: 0, epoch: 'l-f2' }])

// cursor, replay, kept events → the seq after which it goes on, and whether there is a gap
const ROWS: Array<[string, string | undefined, Replay, Extent, number, boolean]> = [
  ['no cursor: the newest event', undefined, 'latest', FIVE, 4, false],
  ['an empty cursor: the same', '', 'latest', FIVE, 4, false],
  ['no cursor, replay=all: everything', undefined, 'all', FIVE, 0, false],
  ['no cursor, replay=none: nothing', undefined, 'none', FIVE, 5, false],
  ['no cursor, a new task', undefined, 'latest', NEVER, 0, false],
  ['no cursor, a new task, replay=all', undefined, 'all', NEVER, 0, false],
  ['no cursor, a new task, replay=none', undefined, 'none', NEVER, 0, false],
  ['no cursor, a trimmed task: no gap, it has missed nothing', undefined, 'latest', TRIMMED, 5, false],
  ['no cursor, a trimmed task, replay=all', undefined, 'all', TRIMMED, 5, false],
  ['no cursor, a trimmed task that was heard of again, replay=all', undefined, 'all', AGAIN, 5, false],
  ['known: everything after it', 'e1.2', 'latest', FIVE, 2, false],
  ['known, whatever the replay', 'e1.2', 'none', FIVE, 2, false],
  ['known: before the first event', 'e1.0', 'latest', FIVE, 0, false],
  ['known: of a new task', 'e1.0', 'latest', NEVER, 0, false],
  ['equal to the newest: nothing', 'e1.5', 'latest', FIVE, 5, false],
  ['equal to the newest of a trimmed task: nothing was missed', 'e1.5', 'latest', TRIMMED, 5, false],
  ['the last before the kept events: nothing was missed', 'e1.5', 'latest', AGAIN, 5, false],
  ['another epoch', 'e2.3', 'latest', FIVE, 0, true],
  ['another epoch, replay=none', 'e2.3', 'none', FIVE, 0, true],
  ['an epoch that begins like ours', 'e11.3', 'latest', FIVE, 0, true],
  ['ahead of the task', 'e1.6', 'latest', FIVE, 0, true],
  ['ahead of a new task', 'e1.1', 'latest', NEVER, 0, true],
  ['trimmed', 'e1.4', 'latest', TRIMMED, 5, true],
  ['trimmed, and heard of again', 'e1.4', 'latest', AGAIN, 5, true],
  ['of the first fork', 'l-f1.1', 'latest', FORKED, 1, false],
  ['of the first fork, its last', 'l-f1.2', 'latest', FORKED, 2, false],
  ['of the second fork', 'l-f2.3', 'latest', FORKED, 3, false],
  ['of the first fork, at a seq that was kept again under the second', 'l-f1.3', 'latest', FORKED, 0, true],
  ['of the second fork, at a seq of the first', 'l-f2.2', 'latest', FORKED, 0, true],
  ['before the first event, of any fork of the same life', 'l-f9.0', 'latest', FORKED, 0, false],
  ['before the first event, of the life alone', 'l.0', 'latest', FORKED, 0, false],
  ['before the first event, of another life', 'm-f1.0', 'latest', FORKED, 0, true],
  ['of a new task, of an earlier fork', 'l-f1.0', 'latest', FORKED_NEVER, 0, false],
  ['the last before the kept events, of its fork', 'l-f1.5', 'latest', FORKED_AGAIN, 5, false],
  ['the last before the kept events, of the next fork', 'l-f2.5', 'latest', FORKED_AGAIN, 5, true],
  ['no cursor, two forks: the newest event', undefined, 'latest', FORKED, 4, false],
  ['garbage: no seq', 'e1.', 'latest', FIVE, 0, true],
  ['garbage: no dot', 'e13', 'latest', FIVE, 0, true],
  ['garbage: a negative seq', 'e1.-1', 'latest', FIVE, 0, true],
  ['garbage: a leading zero', 'e1.03', 'latest', FIVE, 0, true],
  ['garbage: not whole', 'e1.2.5', 'latest', FIVE, 0, true],
  ['garbage: an exponent', 'e1.1e0', 'latest', FIVE, 0, true],
  ['garbage: a space', 'e1. 2', 'latest', FIVE, 0, true],
  ['garbage: larger than any number', `e1.${'9'.repeat(400)}`, 'latest', FIVE, 0, true],
  ['garbage: text', '\u00e4\u0000<script>', 'latest', FIVE, 0, true]
]

for (const [name, cursor, replay, kept, after, gap] of ROWS) {
  t.test(`resolveCursor() ${name}`, async t => {
    const epoch = kept.epochs.findLast(({ from }) => from <= after)?.epoch
    t.strictSame(resolveCursor(cursor, replay, kept), { after, epoch, cursor: `${epoch}.${after}`, gap, extent: kept })
  })
}
