import { createRelay } from './app.ts'
import { ticket } from './cli/ticket.ts'
import { quarantine } from './cli/quarantine.ts'
import { sandbox } from './cli/sandbox.ts'
import { describeConfig, readConfig } from './config.ts'
import { findNearMisses } from './near-misses.ts'

const HELP = `Phrase Relay turns Suno Voice callbacks into Server-Sent Events.

Usage: npm start                       start the server
       npm start -- --help             print this
       npm start -s -- ticket          print a ticket; see ticket --help
       npm start -s -- quarantine      list, show, replay and drop callbacks in quarantine; see quarantine --help
       npm start -s -- sandbox         run a local Suno for development; see sandbox --help

If the package is installed: npx phrase-relay, with the same arguments.

Environment variables, with their defaults:
${describeConfig()}
`

/** A command gets the remaining arguments and the environment, and resolves with its output. */
type Command = (args: string[], env: NodeJS.ProcessEnv) => Promise<string>

const COMMANDS = new Map<string, Command>([['ticket', ticket], ['quarantine', quarantine], ['sandbox', sandbox]])

async function start (): Promise<void> {
  const relay = await createRelay(readConfig(process.env))
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

/** Runs the process: prints its help, runs a command, or starts the server. Prints an expected error as one line. */
export async function main (args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args
  const command = COMMANDS.get(name)
  if (!command && args.includes('--help')) {
    process.stdout.write(HELP)
    return
  }
  try {
    if (name && !command) {
      const form = `expected one of ${[...COMMANDS.keys()].join(', ')}, or no argument`
      throw new RangeError(`Cannot run ${JSON.stringify(name)}: there is no such command, ${form}`)
    }
    if (command) process.stdout.write(await command(rest, process.env))
    else await start()
  } catch (error) {
    const { message, stack } = error as Error
    const isExpected = error instanceof RangeError || 'code' in (error as Error)
    process.stderr.write(`${isExpected ? message : stack}\n`)
    process.exitCode = 1
  }
}
