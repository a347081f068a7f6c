/**
 * Plants a fault in the relay that loads it: its epochs do not name the fork of the history. The chaos tests must find
 * it.
 */

import { registerHooks } from 'node:module'

const FORK = /string\.match\(redis\.call\('INFO', 'replication'\), 'master_replid:[^']*'\)/

registerHooks({
  load (url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/src/store/redis/lua.ts')) return loaded
    const source = String(loaded.source)
    if (!FORK.test(source)) throw new Error('Cannot plant the fault: the script has another form')
    return { ...loaded, source: source.replace(FORK, "'00000000'") }
  }
})
