import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Tester } from '../../src/conformance/tester.ts'
import { freePort } from './port.ts'
import { lacks } from './proxies.ts'
import { temporaryFolder } from './relay.ts'

/** The test, or another lifetime: servers end with it. */
export type Lifetime = Pick<Tester, 'teardown'>

// A command of several words also starts the server of another distribution, under its own loader.
const [PROGRAM = 'redis-server', ...ARGS] = (process.env['REDIS_SERVER'] ?? 'redis-server').split(' ')
const COMMAND_MS = 5000
const run = promisify(execFile)

/** The reason why tests with Redis cannot run here, or false. In CI they have to run. */
export const skipRedis: string | false = lacks(PROGRAM, '--version')

/** Lines of a configuration file by their first word. */
export type RedisConfig = Readonly<Record<string, string>>

/** Options of a Redis server. */
export interface RedisOptions {
  /** Lines of its configuration, besides those of {@link startRedis}. */
  readonly config?: RedisConfig
  /** Further lines, for words that come more than once. */
  readonly lines?: readonly string[]
  /** Starts a Sentinel instead of a server. */
  readonly sentinel?: boolean
  /** Arguments of `redis-cli`, such as those for TLS or a password. */
  readonly cli?: readonly string[]
}

/** A Redis server of its own process and folder, on 127.0.0.1. */
export interface TestRedis {
  readonly port: number
  readonly folder: string
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string
  readonly pid: number
  /** Runs a command with `redis-cli`. Resolves with its answer, as text; an error of Redis is such an answer. */
  command (...args: string[]): Promise<string>
  /** Resolves with a field of `INFO`; undefined if there is none. */
  info (field: string): Promise<string | undefined>
  /** Ends it at once, as a power cut would, and waits for its end. */
  kill (): Promise<void>
  /** Stops it in order. */
  stop (): Promise<void>
  /** Starts it again after its end, on its port and in its folder. Resolves when it takes commands. */
  start (): Promise<void>
  /** Kills it and starts it again. */
  restart (): Promise<void>
  /** Stops its execution: its connections stay open, and it answers nothing. */
  freeze (): void
  /** Goes on after `freeze()`. */
  thaw (): void
  /** Makes it a replica of a server on 127.0.0.1, or a primary. */
  replicaOf (port: number | undefined): Promise<void>
  /** Makes it a replica that finds no primary: it keeps what it has. */
  cutOff (): Promise<void>
}

const DEFAULTS: RedisConfig = {
  bind: '127.0.0.1',
  save: '""',
  appendonly: 'yes',
  'repl-diskless-sync-delay': '0',
  'repl-ping-replica-period': '1'
}

/** Starts a Redis server on a free port of 127.0.0.1, with AOF (everysec) and without snapshots. It ends with `t`. */
export async function startRedis (t: Lifetime, options: RedisOptions = {}): Promise<TestRedis> {
  const { config = {}, lines = [], sentinel = false, cli = [] } = options
  const port = await freePort()
  const folder = temporaryFolder(t)
  const file = join(folder, 'redis.conf')
  const settings = { port: String(port), dir: folder, ...sentinel ? { bind: '127.0.0.1' } : DEFAULTS, ...config }
  writeFileSync(file, [...Object.entries(settings).map((pair) => pair.join(' ')), ...lines, ''].join('\n'))
  const args = [...ARGS, file, ...sentinel ? ['--sentinel'] : []]
  let child: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()

  async function start (): Promise<void> {
    child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    exited = once(child, 'exit')
    await ready(child)
  }

  async function end (signal: NodeJS.Signals): Promise<void> {
    send(signal)
    await exited
  }

  function send (signal: NodeJS.Signals): void {
    if (child?.exitCode === null && child.signalCode === null) process.kill(child.pid as number, signal)
  }

  async function command (...words: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(port), ...cli, ...words], { timeout: COMMAND_MS })
    return stdout.trimEnd()
  }

  async function replicaOf (primary: number | undefined): Promise<void> {
    await command('REPLICAOF', ...primary === undefined ? ['NO', 'ONE'] : ['127.0.0.1', String(primary)])
  }

  const server: TestRedis = {
    port,
    folder,
    url: `redis://127.0.0.1:${port}`,
    get pid () { return child?.pid as number },
    command,
    async info (field) {
      return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(await command('INFO', 'everything'))?.[1]
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    async restart () {
      await end('SIGKILL')
      await start()
    },
    freeze () { send('SIGSTOP') },
    thaw () { send('SIGCONT') },
    replicaOf,
    // Nothing listens on port 1.
    cutOff: () => replicaOf(1)
  }
  t.teardown(server.kill)
  await start()
  return server
}

/** Waits until the log of a server says that it takes commands. */
async function ready (child: ChildProcess): Promise<void> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    if (/Ready to accept connections|Sentinel ID is|^.*X .*\+monitor/.test(line)) {
      child.stdout?.resume()
      return
    }
  }
  throw new Error(`Cannot test: ${PROGRAM} ended before it was ready: ${lines.join('\n')}`)
}

/** Waits until `holds` resolves with true. Errors of `redis-cli` count as false: a server may be down. */
export async function until (holds: () => Promise<boolean>, ms = 30_000): Promise<void> {
  const end = performance.now() + ms
  while (!await holds().catch(() => false)) {
    if (performance.now() > end) throw new Error(`Cannot test: Redis did not get there within ${ms} ms: ${holds}`)
    await delay(20)
  }
}
