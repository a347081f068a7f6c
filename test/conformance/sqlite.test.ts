import { join } from 'node:path'
import t from 'tap'
import { storeConformance } from '../../src/conformance/index.ts'
import { sqliteStore } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../support/relay.ts'

storeConformance(t, 'sqliteStore', (t) => {
  const path = join(temporaryFolder(t), 'relay.db')
  return { durable: true, open: (options) => sqliteStore(path, options) }
})
