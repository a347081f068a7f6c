#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one that is too old gets a sentence and no stack.
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Cannot start Phrase Relay: this is Node ${process.versions.node}, expected 22.18 or newer`)
  process.exit(1)
}
// The next start takes half the time. The folder is our own: compiled code from one of everybody is not safe. Threads
// take it from the environment. Compiled code makes the report of coverage less exact.
const { enableCompileCache, flushCompileCache } = process.getBuiltinModule('node:module')
if (enableCompileCache && !process.env.NODE_V8_COVERAGE) {
  process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))
  enableCompileCache()
}
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
// Not only at the exit: a process may be killed.
flushCompileCache?.()
