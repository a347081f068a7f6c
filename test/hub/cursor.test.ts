import t from 'tap'
import type { Replay } from '../../schemas/event.ts'
import { resolveCursor } from '../../src/hub/cursor.ts'
import type { Extent } from '../../src/store/store.ts'

const EPOCH = 'e1'

/** Extent of a task whose events `first` to `last` are kept. */
function extent (first: number, last: number): Extent {
  const newest = { taskId: 'a', seq: last, id: `${EPOCH}.${last}`, event: 'task-update', data: '{}' } as const
  return { first, last, newest: first > last ? undefined : newest }
}

const NEVER = extent(1, 0)
const FIVE = extent(1, 5)
const TRIMMED = extent(6, 5)
const AGAIN = extent(6, 7)

// cursor, replay, what is kept → after which seq it goes on, and whether there is a gap
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
  ['the last before what is kept: nothing was missed', 'e1.5', 'latest', AGAIN, 5, false],
  ['another epoch', 'e2.3', 'latest', FIVE, 0, true],
  ['another epoch, replay=none', 'e2.3', 'none', FIVE, 0, true],
  ['an epoch that begins like ours', 'e11.3', 'latest', FIVE, 0, true],
  ['ahead of the task', 'e1.6', 'latest', FIVE, 0, true],
  ['ahead of a new task', 'e1.1', 'latest', NEVER, 0, true],
  ['trimmed', 'e1.4', 'latest', TRIMMED, 5, true],
  ['trimmed, and heard of again', 'e1.4', 'latest', AGAIN, 5, true],
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

for (const [what, cursor, replay, kept, after, gap] of ROWS) {
  t.test(`resolveCursor() ${what}`, async t => {
    t.strictSame(resolveCursor(cursor, replay, EPOCH, kept), { after, cursor: `${EPOCH}.${after}`, gap, extent: kept })
  })
}
