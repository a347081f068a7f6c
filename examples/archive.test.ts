import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from 'phrase-relay'
import { storeConformance } from 'phrase-relay/conformance'
import t from 'tap'
import { withArchive } from './archive.ts'

storeConformance(t, 'withArchive', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  return { durable: false, open: async (options) => withArchive(memoryStore(options), join(folder, 'archive.jsonl')) }
})
