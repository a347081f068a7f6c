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

/** Starts a listening relay in this process, on any free port, with nothing on disk unless `config` says so; it ends with the test. */
export async function startRelay (t: Test, config: Partial<Config> = {}): Promise<TestRelay> {
  const relay = await createRelay({ PORT: 0, STORE_URL: 'memory:', LOG_LEVEL: 'silent', DRAIN_MS: 0, ...config })
  t.teardown(() => closeNow(relay.app))
  return { ...relay, url: await relay.listen() }
}

/** Closes an app without waiting for its clients: some open connections ahead of their use. */
export async function closeNow (app: FastifyInstance): Promise<void> {
  const cut = setInterval(() => { app.server.closeAllConnections() }, 10)
  await app.close()
  clearInterval(cut)
}

/** An empty folder that is gone with the test. */
export function temporaryFolder (t: Pick<Tester, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}
