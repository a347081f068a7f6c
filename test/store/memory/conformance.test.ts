import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'
import { lastingMemory } from '../../support/histories.ts'

storeConformance(t, 'memoryStore', () => ({ durable: false, open: async (options) => memoryStore(options) }))

storeConformance(t, 'memoryStore on a history that lasts', lastingMemory)
