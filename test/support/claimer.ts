// Opens the SQLite file of its argument. For every line of standard input it claims the submissions that are due, and
// prints their ids as one line of JSON.
import { createInterface } from 'node:readline'
import { sqliteStore } from '../../src/store/sqlite/store.ts'

const store = await sqliteStore(process.argv[2] as string)
console.log('ready')
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
while (!(await lines.next()).done) {
  const due = await store.submissions.claim({ leaseMs: 600_000, maxQuestions: 100, maxCalls: 200, windowMs: 1 })
  console.log(JSON.stringify(due.map(({ id }) => id)))
}
await store.close()
process.exit()
