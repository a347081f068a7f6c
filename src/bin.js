#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one that is too old gets a sentence and no stack.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Cannot start Phrase Relay: this is Node ${process.versions.node}, expected 22.18 or newer`)
  process.exit(1)
}
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
