import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { sqliteHistory } from '../../support/histories.ts'

storeConformance(t, 'sqliteStore', sqliteHistory)
