export { busConformance } from './bus.ts'
export { storeConformance, type NewHistory, type TestHistory } from './store/store.ts'
export type { Tester } from './tester.ts'
