import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import type { Tester } from '../../src/conformance/tester.ts'
import { createRelay, type Relay } from '../../src/index.ts'

export interface TestRelay extends Relay {
  readonly url: string
}

/** Starts a listening relay in this process, by default on a free port and in memory. It ends with the test. */
export async function startRelay (t: Test, config: Partial<Config> = {}): Promise<TestRelay> {
  const relay = await createRelay({ PORT: 0, STORE_URL: 'memory:', LOG_LEVEL: 'silent', DRAIN_MS: 0, ...config })
  t.teardown(() => closeNow(relay.app))
  return { ...relay, url: await relay.listen() }
}

/** Closes an app without waiting for its clients, some of which open connections before they use them. */
export async function closeNow (app: FastifyInstance): Promise<void> {
  const cut = setInterval(() => { app.server.closeAllConnections() }, 10)
  await app.close()
  clearInterval(cut)
}

/** Creates an empty folder. It is deleted with the test. */
export function temporaryFolder (t: Pick<Tester, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}
