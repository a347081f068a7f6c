// Two relays and a Redis on this machine, until Ctrl+C. Needs redis-server; the events are kept in data/fleet.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const REDIS_PORT = process.env['FLEET_REDIS_PORT'] ?? '6390'
const RELAY_PORTS = [process.env['PORT'] ?? '3000', process.env['FLEET_SECOND_PORT'] ?? '3001']
const folder = process.env['FLEET_DATA'] ?? 'data/fleet'
const relay = fileURLToPath(new URL('../../src/bin.js', import.meta.url))
const running: ChildProcess[] = []

type Command = [string, ...string[]]

/** Starts a program, prints its lines, and resolves when one of them matches. */
async function start (name: string, [program, ...args]: Command, ready: RegExp, env = {}): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  running.push(child)
  child.on('error', ({ message }) => { stop(`Cannot start ${name}: ${message}`) })
  child.on('exit', () => { stop(`${name} ended`) })
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      console.log(`${name}  ${line}`)
      if (ready.test(line)) resolve()
    })
  })
}

function stop (reason?: string): void {
  if (reason) console.error(reason)
  for (const child of running) {
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
  }
  process.exitCode = reason ? 1 : 0
}

process.on('SIGINT', () => { stop() })
process.on('SIGTERM', () => { stop() })
mkdirSync(folder, { recursive: true })
const settings = ['--port', REDIS_PORT, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', '']
await start('redis', ['redis-server', ...settings], /Ready to accept connections/)
for (const PORT of RELAY_PORTS) {
  const env = { PORT, STORE_URL: `redis://127.0.0.1:${REDIS_PORT}` }
  await start(`:${PORT}`, [process.execPath, relay], /listening on/, env)
}
