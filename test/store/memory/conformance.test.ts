import t from 'tap'
import { storeConformance } from '../../../src/conformance/index.ts'
import { memoryStore } from '../../../src/store/memory/store.ts'

storeConformance(t, 'memoryStore', () => ({ durable: false, open: async (options) => memoryStore(options) }))
