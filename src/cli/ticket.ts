import { parseArgs } from 'node:util'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { TicketClaimsSchema } from '../../schemas/ticket.ts'
import { readConfig } from '../config.ts'
import { signTicket } from '../ticket.ts'

const HELP = `Prints a ticket. Its bearer may watch the tasks until it expires.

Usage: npx phrase-relay ticket --task <task id> [--task <task id>] [--ttl 10m]

  --task   a task id; repeat for several, '*' for all
  --ttl    time to expiry: a number and s, m, h or d; default 10m

Environment: TICKET_KEYS. The first key signs.
`

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const tasksSchema = TypeCompiler.Compile(TicketClaimsSchema.properties.tasks)

const OPTIONS = {
  task: { type: 'string', multiple: true },
  ttl: { type: 'string', default: '10m' },
  help: { type: 'boolean' }
} as const

/**
 * The command `ticket`: signs a ticket for `--task` that expires after `--ttl`, with the first of `TICKET_KEYS`.
 *
 * @returns the output
 * @throws {RangeError} if an argument is wrong or there is no key
 */
export async function ticket (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { task: tasks = [], ttl, help } = parseArgs({ args, options: OPTIONS }).values
  if (help) return HELP
  const [key] = readConfig(env).TICKET_KEYS
  if (!key) throw new RangeError('Cannot sign a ticket: TICKET_KEYS is empty, expected the keys of the server')
  if (!tasksSchema.Check(tasks)) {
    const form = "expected task ids, or '*' alone for all"
    throw new RangeError(`Cannot sign a ticket: --task is missing or malformed, ${form}`)
  }
  return `${await signTicket(key, tasks, new Date(Date.now() + readTtlMs(ttl)))}\n`
}

function readTtlMs (ttl: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(ttl) ?? []
  if (!unit) {
    const form = 'expected a number and a unit, such as 30s, 10m, 2h or 1d'
    throw new RangeError(`Cannot sign a ticket: --ttl is ${JSON.stringify(ttl)}, ${form}`)
  }
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
