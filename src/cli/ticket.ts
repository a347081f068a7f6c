import { parseArgs } from 'node:util'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { TicketClaimsSchema } from '../../schemas/ticket.ts'
import { readConfig } from '../config.ts'
import { signTicket } from '../ticket.ts'

const HELP = `Prints a ticket: its bearer may watch these tasks for a while.

Usage: npx phrase-relay ticket --task <task id> [--task <task id>] [--ttl 10m]

  --task   a task id; again for more, '*' for all
  --ttl    how long the ticket is good: a number and s, m, h or d; default 10m

Environment: TICKET_KEYS, the first of which signs.
`

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const tasksSchema = TypeCompiler.Compile(TicketClaimsSchema.properties.tasks)

/**
 * The command `ticket`: a ticket for `--task`, good for `--ttl`, signed with the first of `TICKET_KEYS`.
 *
 * @returns what to print
 * @throws {RangeError} when an argument is wrong, or there is no key
 */
export async function ticket (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { task: tasks = [], ttl, help } = parseArgs({ args, options: { task: { type: 'string', multiple: true }, ttl: { type: 'string', default: '10m' }, help: { type: 'boolean' } } }).values
  if (help) return HELP
  const [key] = readConfig(env).TICKET_KEYS
  if (!key) throw new RangeError('Cannot sign a ticket: TICKET_KEYS is empty, expected the keys of the server')
  if (!tasksSchema.Check(tasks)) throw new RangeError("Cannot sign a ticket: --task is missing or wrong, expected task ids, or '*' alone for all")
  return `${await signTicket(key, tasks, new Date(Date.now() + readTtlMs(ttl)))}\n`
}

function readTtlMs (ttl: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(ttl) ?? []
  if (!unit) throw new RangeError(`Cannot sign a ticket: --ttl is ${JSON.stringify(ttl)}, expected a number and a unit, such as 30s, 10m, 2h or 1d`)
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
