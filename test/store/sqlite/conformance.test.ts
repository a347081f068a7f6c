import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import type { Tester } from '../../../src/conformance/tester.ts'
import { sqliteHistory } from '../../support/histories.ts'
import { meddle } from '../../support/sqlite.ts'

/** A history in which a generation of tasks is full after every third event. */
function shortGenerations (t: Pick<Tester, 'teardown'>) {
  const history = sqliteHistory(t)
  return {
    ...history,
    async open (...options: Parameters<typeof history.open>) {
      const store = await history.open(...options)
      meddle(history.path, `CREATE TRIGGER IF NOT EXISTS full AFTER INSERT ON events WHEN NEW.n % 3 = 0 BEGIN
        UPDATE generations SET tasks = 100000 WHERE number = (SELECT max(number) FROM generations);
      END`)
      return store
    }
  }
}

storeConformance(t, 'sqliteStore', shortGenerations)
