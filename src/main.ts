import type { Config } from '../schemas/config.ts'
import { describeConfig, readConfig } from './config.ts'
import { findNearMisses } from './near-misses.ts'
import { VERSION } from './version.ts'

const HELP = `Phrase Relay turns Suno Voice callbacks into Server-Sent Events.

Usage: npm start                       start the server
       npm start -- --help             print this
       npm start -s -- --version       print the version
       npm start -s -- status          print readiness and numbers of a relay; see status --help
       npm start -s -- tasks           list tasks; see tasks --help
       npm start -s -- task            print the events of a task; see task --help
       npm start -s -- ticket          print a ticket; see ticket --help
       npm start -s -- quarantine      list, show, replay and drop callbacks in quarantine; see quarantine --help
       npm start -s -- backup          copy the store into a new file; see backup --help
       npm start -s -- erase           erase a task; see erase --help
       npm start -s -- sandbox         run a local Suno for development; see sandbox --help
       npm run demo                    start the server and a sandbox; takes the options of the sandbox

If the package is installed: npx phrase-relay, with the same arguments.

Environment variables, with their defaults:
${describeConfig()}
`

/** A command gets the remaining arguments and the environment, and resolves with its output. */
type Command = (args: string[], env: NodeJS.ProcessEnv) => Promise<string>

// Loaded when they are called: the server starts without them, and they start without the server.
const COMMANDS = new Map<string, () => Promise<Command>>([
  ['status', async () => (await import('./cli/status.ts')).status],
  ['tasks', async () => (await import('./cli/tasks.ts')).tasks],
  ['task', async () => (await import('./cli/tasks.ts')).task],
  ['ticket', async () => (await import('./cli/ticket.ts')).ticket],
  ['quarantine', async () => (await import('./cli/quarantine.ts')).quarantine],
  ['backup', async () => (await import('./cli/backup.ts')).backup],
  ['erase', async () => (await import('./cli/erase.ts')).erase],
  ['sandbox', async () => (await import('./cli/sandbox.ts')).sandbox],
  ['demo', async () => demo]
])

/** Runs a relay until SIGTERM or SIGINT, then calls `onStop`. */
async function start (config: Config, onStop = async () => {}): Promise<void> {
  const { createRelay } = await import('./app.ts')
  const relay = await createRelay(config)
  relay.app.addHook('onClose', onStop)
  for (const { found, setting } of findNearMisses(Object.keys(process.env))) {
    relay.app.log.warn({ found, setting }, 'unknown variable, probably a misspelt setting')
  }
  let stopping = false
  function stop (): void {
    // A second signal stops the process at once.
    if (stopping) process.exit(1)
    stopping = true
    relay.close()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Sent when the terminal closes, and by some supervisors.
  process.on('SIGHUP', stop)
  try {
    await relay.listen()
  } catch (error) {
    // The store's thread would keep the process alive.
    await relay.close()
    throw error
  }
}

/**
 * Runs the command `demo`: a sandbox, and a relay on loopback that submits to it.
 *
 * @returns the first line to print
 */
async function demo (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { sandbox, startSandbox } = await import('./cli/sandbox.ts')
  if (args.includes('--help')) return sandbox(args)
  const PORT = env['PORT'] || '3000'
  if (Number(PORT) === 0) throw new RangeError('Cannot start the demo: PORT is 0, expected a port for its callback URL')
  const url = `http://127.0.0.1:${PORT}`
  const { server, options } = await startSandbox(['--port', '0', ...args])
  const settings = {
    HOST: '127.0.0.1',
    PORT,
    STORE_URL: 'memory:',
    PUBLIC_URL: url,
    SUNO_API_URL: server.url,
    SUNO_API_KEY: options.apiKey || 'demo',
    API_TOKENS: '',
    ASK_AFTER_MS: env['ASK_AFTER_MS'] || '10000',
    DRAIN_MS: '0'
  }
  try {
    await start(readConfig({ ...env, ...settings }), () => server.close())
  } catch (error) {
    await server.close()
    throw error
  }
  return `open ${url} and press "Ask Suno for a phrase"\n`
}

/** Runs the process: prints its help, runs a command, or starts the server. Prints an expected error as one line. */
export async function main (args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args
  const load = COMMANDS.get(name)
  if (!load && args.includes('--help')) {
    process.stdout.write(HELP)
    return
  }
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  try {
    if (name && !load) {
      const form = `expected one of ${[...COMMANDS.keys()].join(', ')}, or no argument`
      throw new RangeError(`Cannot run ${JSON.stringify(name)}: there is no such command, ${form}`)
    }
    if (load) process.stdout.write(await (await load())(rest, process.env))
    else await start(readConfig(process.env))
  } catch (error) {
    const { message, stack } = error as Error
    const isExpected = error instanceof RangeError || 'code' in (error as Error)
    process.stderr.write(`${isExpected ? message : stack}\n`)
    process.exitCode = 1
  }
}
