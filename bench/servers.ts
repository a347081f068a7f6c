import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }

/** Flags of Node in `npm start`. */
export const START_FLAGS: readonly string[] = packageJson.scripts.start.match(/--\S+/g) ?? []

const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so'
const MAX_START_MS = 30_000
const POLL_MS = 5
const UNLIMITED = { MAX_STREAMS: '0', MAX_STREAMS_PER_IP: '0', MAX_STREAMS_PER_TASK: '0' }

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0
const running = new Set<ChildProcess>()
const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'))
process.once('exit', () => {
  for (const child of running) child.kill()
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** Server under test. */
export interface Server {
  readonly port: number
  readonly pid: number
  /** Path for callbacks; `*` stands for the task id. */
  readonly publish: string
  /** Ends the server. Resolves when it has ended. */
  stop (signal?: NodeJS.Signals): Promise<void>
}

/** Returns a new path for a file in a folder that is removed when this process ends. */
export function temporaryPath (name: string): string {
  return join(mkdtempSync(join(folder, 'run-')), name)
}

/** Returns the command pinned to one processor, if there are several and `taskset` is installed. */
export function pinned (processor: number, command: readonly string[]): string[] {
  return canPin ? ['taskset', '-c', String(processor), ...command] : [...command]
}

/** Pins this process to one processor, as `pinned` does. */
export function pinThisProcess (processor: number): void {
  if (canPin) spawnSync('taskset', ['-acp', String(processor), String(process.pid)])
}

/** Returns the absolute path of a file of the project. */
export function projectFile (path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** Returns a free port of the loopback address. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Options of a relay under test. */
export interface RelayOptions {
  /** Path of the database. Default: a new one. */
  readonly database?: string
  /** Default: any free port. */
  readonly port?: number
  /** Settings. */
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node. */
  readonly flags?: readonly string[]
  /** Program, from the root. Default: the sources. */
  readonly program?: string
}

/** Starts the relay with a durable store. Resolves when it answers. */
export function startRelay (options: RelayOptions = {}): Promise<Server> {
  const { database = temporaryPath('relay.db'), port, env, flags = [], program = 'src/bin.js' } = options
  const settings = { STORE_URL: `sqlite:${database}`, LOG_LEVEL: 'warn', DRAIN_MS: '0', ...UNLIMITED, ...env }
  const command = [process.execPath, ...flags, projectFile(program)]
  return start({ command, publish: '/callback', env: settings, port })
}

/** Starts plain `node:http`. */
export function startRaw (): Promise<Server> {
  return start({ command: [process.execPath, projectFile('bench/raw.ts')], publish: '/callback' })
}

/** Whether nginx and its module Nchan are installed. */
export function hasNchan (): boolean {
  return existsSync(NCHAN)
}

/** Starts nginx with Nchan, without a store. */
export async function startNchan (): Promise<Server> {
  const port = await freePort()
  const path = temporaryPath('nginx.conf')
  writeFileSync(path, nchanConfig(port, join(path, '..')))
  return start({ command: ['nginx', '-c', path], publish: '/publish/*', port })
}

interface StartOptions extends Pick<Server, 'publish'>, Pick<RelayOptions, 'env'> {
  readonly command: readonly string[]
  readonly port?: number | undefined
}

async function start ({ command, publish, env, port: wantedPort }: StartOptions): Promise<Server> {
  const port = wantedPort ?? await freePort()
  const [program, ...args] = pinned(0, command) as [string, ...string[]]
  const settings = { ...process.env, HOST: '127.0.0.1', PORT: String(port), ...env }
  const child = spawn(program, args, { env: settings, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  running.add(child)
  await waitForAnswer(port, child)

  return {
    port,
    pid: child.pid as number,
    publish,
    async stop (signal = 'SIGTERM') {
      child.kill(signal)
      await ended
      running.delete(child)
    }
  }
}

async function waitForAnswer (port: number, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < MAX_START_MS && child.exitCode === null; waited += POLL_MS) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
    if (response?.ok) return
    await sleep(POLL_MS)
  }
  throw new Error(`Cannot measure ${child.spawnargs.join(' ')}: it does not answer, expected 200 from /healthz`)
}

function nchanConfig (port: number, home: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const scratch = kinds.map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ')
  return `load_module ${NCHAN};
daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; worker_rlimit_nofile 20000;
pid ${home}/pid; error_log ${home}/error.log error;
events { worker_connections 19000; }
http {
  access_log off; keepalive_requests 100000000; nchan_shared_memory_size 256M; ${scratch}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /healthz { return 200; }
    location ~ ^/publish/(.+)$ { nchan_publisher; nchan_channel_id $1; nchan_store_messages off; }
    location ~ ^/events/(.+)$ {
      nchan_subscriber eventsource; nchan_channel_id $1;
      nchan_subscriber_first_message newest; nchan_eventsource_ping_interval 0;
    }
  }
}
`
}
