import { createRelay } from './app.ts'
import { ticket } from './cli/ticket.ts'
import { quarantine } from './cli/quarantine.ts'
import { sandbox } from './cli/sandbox.ts'
import { describeConfig, readConfig } from './config.ts'

const HELP = `Phrase Relay turns Suno Voice callbacks into Server-Sent Events.

Usage: npm start                       start the server
       npm start -- --help             print this
       npm start -s -- ticket          print a ticket; --help says more
       npm start -s -- quarantine      see to callbacks that could not be read; --help says more
       npm start -s -- sandbox         run a Suno to develop against; --help says more

Where the package is installed: npx phrase-relay, with the same words after it.

Environment variables, with their defaults:
${describeConfig()}
`

/** What runs in place of the server, by its name: gets the other arguments and the environment, gives what to print. */
const COMMANDS = new Map<string, (args: string[], env: NodeJS.ProcessEnv) => Promise<string>>([['ticket', ticket], ['quarantine', quarantine], ['sandbox', sandbox]])

async function start (): Promise<void> {
  const relay = await createRelay(readConfig(process.env))
  let stopping = false
  function stop (): void {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1)
    stopping = true
    relay.close()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    await relay.listen()
  } catch (error) {
    // The thread of its store would keep the process alive.
    await relay.close()
    throw error
  }
}

/** Runs the process: prints its help, runs a command, or starts the server. A start that cannot be is told in one line. */
export async function main (args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args
  const command = COMMANDS.get(name)
  if (!command && args.includes('--help')) {
    process.stdout.write(HELP)
    return
  }
  try {
    if (name && !command) throw new RangeError(`Cannot run ${JSON.stringify(name)}: there is no such command, expected ${[...COMMANDS.keys()].join(' or ')}, or nothing to start the server`)
    if (command) process.stdout.write(await command(rest, process.env))
    else await start()
  } catch (error) {
    const { message, stack } = error as Error
    const isExpected = error instanceof RangeError || 'code' in (error as Error)
    process.stderr.write(`${isExpected ? message : stack}\n`)
    process.exitCode = 1
  }
}
