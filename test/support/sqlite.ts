import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Tester } from '../../src/conformance/tester.ts'
import { temporaryFolder } from './relay.ts'

/** Where a database can be made; it is gone with the test. */
export function databasePath (t: Pick<Tester, 'teardown'>): string {
  return join(temporaryFolder(t), 'relay.db')
}

/** Does something to a database behind the back of its store. */
export function meddle (path: string, sql: string): void {
  const db = new DatabaseSync(path, { timeout: 5000 })
  db.exec(sql)
  db.close()
}
