import { draft, numbers, readAll } from '../drafts.ts'
import type { Cases } from './cases.ts'
import { PATIENCE, phrase, stageOf, submit } from './submission-drafts.ts'
import type { HeldDraft } from '../../event.ts'

const REFUSED = { code: 'CALLBACK_UNAUTHENTIC' }
const DAY_MS = 86_400_000

/** Returns an unreadable callback under the token of a reservation. */
function unreadable (body: string, submission: string): HeldDraft {
  return { step: 'validate', body, reason: 'it is odd', digest: body, submission }
}

/** Unreadable callbacks under the token of a reservation. */
export const QUARANTINE_TOKEN_CASES: Cases = {
  async 'quarantine.release() hands on the token of a callback' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    await store.quarantine.hold(unreadable('one', 'r'))
    t.equal((await store.quarantine.get(1))?.submission, 'r')
    t.equal((await store.quarantine.release(1, 'a', phrase('ready')))?.settled?.step, 'validate')
    t.equal(await stageOf(store, 'a'), 'settled')
    await t.rejects(store.append('b', phrase('ready', { submission: 'r' })), REFUSED)
  },

  async 'quarantine.release() of a callback for another task than its token rejects, and goes on holding it' (t, open) {
    const store = await open()
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    await store.quarantine.hold(unreadable('one', 'r'))
    await store.submissions.expect('r', 'a')
    await t.rejects(store.quarantine.release(1, 'b', phrase('ready')), REFUSED)
    t.equal((await store.extent('b')).last, 0)
    t.equal((await store.quarantine.release(1, 'a', phrase('ready')))?.event.seq, 1)
    t.strictSame(await store.quarantine.list(), [])
  },

  async 'quarantine.release() appends a callback whose reservation was forgotten' (t, open) {
    let time = 5000
    const store = await open({ now: () => time })
    await store.submissions.reserve({ id: 'r', step: 'validate' }, PATIENCE)
    await store.quarantine.hold(unreadable('one', 'r'))
    time += DAY_MS
    await store.trim(2 * DAY_MS, () => false)
    t.equal(await store.submissions.expect('r', 'a'), undefined)
    await store.quarantine.release(1, 'a', phrase('ready'))
    t.equal((await readAll(store, 'a')).length, 1)
  },

  async 'quarantine.release() of a draft about nothing appends it' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await store.quarantine.hold(unreadable('one', 'r'))
    t.equal((await store.quarantine.release(1, 'b', draft('one')))?.event.seq, 1)
  },

  async 'quarantine.hold() rejects a callback under a token of another task or step, or of none' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await t.rejects(store.quarantine.hold(unreadable('one', 'unknown')), REFUSED)
    await t.rejects(store.quarantine.hold({ ...unreadable('one', 'r'), step: 'generate' }), REFUSED)
    await t.rejects(store.quarantine.hold({ ...unreadable('one', 'r'), signedTaskId: 'b' }), REFUSED)
    t.strictSame(await store.quarantine.list(), [])
    t.equal(await store.quarantine.hold({ ...unreadable('one', 'r'), signedTaskId: 'a' }), undefined)
  },

  async 'quarantine.hold() holds a body once under a token, and ten bodies at most' (t, open) {
    const store = await open()
    await submit(store, 'r', 'a')
    await submit(store, 'other', 'b')
    for (const n of numbers(10)) {
      for (let times = 0; times < 2; times++) await store.quarantine.hold(unreadable(`${n}`, 'r'))
    }
    t.equal((await store.quarantine.list()).length, 10)
    await t.rejects(store.quarantine.hold(unreadable('one more', 'r')), { code: 'QUARANTINE_FULL' })
    await store.quarantine.hold(unreadable('1', 'r'))
    await store.quarantine.hold(unreadable('1', 'other'))
    await store.quarantine.drop(1)
    await store.quarantine.hold(unreadable('one more', 'r'))
    t.equal((await store.quarantine.list()).length, 11)
  }
}
