import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// The same test files, each in a Deno process of its own, reported as one run.
const root = fileURLToPath(new URL('..', import.meta.url))
const deno = fileURLToPath(new URL('../node_modules/deno/deno', import.meta.url))

t.jobs = 2
for (const file of globSync('test/**/*.test.ts', { cwd: root }).sort()) {
  t.spawn(deno, ['run', '-A', '--preload=test/support/deno-preload.ts', file], { cwd: root }, file)
}
