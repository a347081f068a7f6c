import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { sqliteStore } from '../../../src/store/sqlite/store.ts'
import { databasePath } from '../../support/sqlite.ts'

storeConformance(t, 'sqliteStore', (t) => {
  const path = databasePath(t)
  return { durable: true, open: (options) => sqliteStore(path, options) }
})
