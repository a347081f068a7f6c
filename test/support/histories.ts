import { copyFileSync } from 'node:fs'
import type { TestHistory } from '../../src/conformance/index.ts'
import type { Tester } from '../../src/conformance/tester.ts'
import { memoryHistory, renewFork, type MemoryHistory } from '../../src/store/memory/history.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import { sqliteStore } from '../../src/store/sqlite/store.ts'
import { databasePath } from './sqlite.ts'

/** Copies a memory history. Returns a function that puts the copy back. */
export function copyMemory (history: MemoryHistory): () => void {
  const copy = structuredClone(history)
  return () => {
    const { tasks, deliveries, held, forgottenUntil, lastHeldId, submissions } = structuredClone(copy)
    refill(history.tasks, tasks)
    refill(history.deliveries, deliveries)
    refill(history.held, held)
    Object.assign(history, { forgottenUntil, lastHeldId, submissions })
  }
}

function refill<K, V> (map: Map<K, V>, entries: Map<K, V>): void {
  map.clear()
  for (const [key, value] of entries) map.set(key, value)
}

/** A memory history that outlives its stores, as if it were on disk. */
export function lastingMemory (): TestHistory {
  const history = memoryHistory()
  return {
    durable: true,
    shared: true,
    open: async (options) => memoryStore(options, history),
    fork: async () => { renewFork(history) },
    async copy () {
      const restore = copyMemory(history)
      return async () => { restore() }
    }
  }
}

/** The history in a SQLite file. */
export function sqliteHistory (t: Pick<Tester, 'teardown'>): TestHistory & { readonly path: string } {
  const path = databasePath(t)
  return {
    path,
    durable: true,
    shared: true,
    open: (options) => sqliteStore(path, options),
    async copy () {
      copyFileSync(path, `${path}-copy`)
      return async () => { copyFileSync(`${path}-copy`, path) }
    }
  }
}
