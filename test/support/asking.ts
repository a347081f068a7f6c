import type { Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import type { SandboxOptions } from '../../src/suno/sandbox/options.ts'
import { createSandbox, type Sandbox } from '../../src/suno/sandbox/sandbox.ts'
import { freePort } from './port.ts'
import { startRelay, type TestRelay } from './relay.ts'
import { startServer, type Handler, type TestServer } from './server.ts'

/** Fields of a validate, as the vendor documents them. */
export const VALIDATE = { step: 'validate', voiceUrl: 'https://app.example/voice.mp3', vocalStartS: 0, vocalEndS: 10 }

/** Answer of a relay to a submission. */
export interface SubmitReply {
  readonly status: number
  readonly headers: Headers
  readonly json: any
}

/** Submits a body to a relay; a string goes out as it is. */
export async function submitTo (
  url: string, body: unknown, headers: Record<string, string> = {}, method = 'POST'
): Promise<SubmitReply> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}

/** Starts a sandbox that is quick; it ends with the test. */
export async function startSandbox (t: Test, options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = createSandbox({ phraseAfterMs: 0, voiceAfterMs: 0, resendAfterMs: 0, ...options })
  await sandbox.listen()
  t.teardown(() => sandbox.close())
  return sandbox
}

/** Starts a relay that callbacks reach, and whose Suno is at `apiUrl`; it ends with the test. */
export async function startAsking (t: Test, apiUrl: string, config: Partial<Config> = {}): Promise<TestRelay> {
  const PORT = await freePort()
  const PUBLIC_URL = `http://127.0.0.1:${PORT}`
  return startRelay(t, { PORT, PUBLIC_URL, SUNO_API_KEY: 'sk-test', SUNO_API_URL: apiUrl, ...config })
}

/** Starts a vendor that answers as told, and a relay that asks it. */
export async function startWithVendor (
  t: Test, handler: Handler, config: Partial<Config> = {}
): Promise<{ relay: TestRelay, vendor: TestServer }> {
  const vendor = await startServer(t, handler)
  return { relay: await startAsking(t, vendor.url, config), vendor }
}
