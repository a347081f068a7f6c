export { busConformance, type TestBackend } from './bus.ts'
export type { NewHistory, TestHistory } from './store/cases.ts'
export { storeConformance } from './store/store.ts'
export type { Tester } from './tester.ts'
