import { RelayError } from '../../errors.ts'
import type { Submissions } from '../submissions.ts'

/** Returns submissions of a SQLite store: every method rejects, since none are kept in the file yet. */
export function sqliteSubmissions (): Submissions {
  return new Proxy({} as Submissions, {
    get: () => async () => { throw new RelayError('STORE_UNAVAILABLE', 'Cannot keep submissions: the SQLite store has no table for them yet') }
  })
}
