import { parseArgs } from 'node:util'
import { columns, formatAge } from './columns.ts'
import type { ListedNode } from '../hub/hub.ts'
import { SOURCE_HELP, SOURCE_OPTIONS, withSource, type SourceStatus } from './source.ts'

const HELP = `Prints whether a relay is ready, and its numbers. Exits with 1 if it is not ready.

Usage: npx phrase-relay status [options]

${SOURCE_HELP}`

/**
 * The command `status`: readiness, version, streams and store of a running relay, or the numbers of a store alone.
 *
 * @returns the text to print
 * @throws {RangeError} when an option is wrong, or there is no relay or store
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be used
 */
export async function status (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { help, json, ...source } = parseArgs({ args, options: SOURCE_OPTIONS }).values
  if (help) return HELP
  const found = await withSource(source, env, ({ status }) => status())
  if ('ready' in found && !found.ready) process.exitCode = 1
  return json ? `${JSON.stringify(found)}\n` : describe(found)
}

function describe (status: SourceStatus): string {
  const { version, nodes, store: { bytes, expected, overdue, quarantined } } = status
  return columns([
    ...'ready' in status ? describeRelay(status) : [],
    ['version', version],
    ...nodes ? describeNodes(nodes) : [],
    ['store bytes', bytes ?? 'unknown'],
    ['submissions waiting', expected ?? 'unknown'],
    ['submissions overdue', overdue ?? 'unknown'],
    ['in quarantine', quarantined ?? 'unknown']
  ])
}

/** Describes the fleet: the relays other than the one that answers. */
function describeNodes (nodes: readonly ListedNode[]): string[][] {
  return nodes.filter(({ isOwn }) => !isOwn).map(({ name, runtime, startedAt, version, streams, ageMs }) => {
    const facts = [name, runtime, `running for ${formatAge(startedAt)}`, `version ${version}`, `${streams} streams`]
    return ['other node', `${facts.join(', ')}, heard ${Math.round(ageMs / 1000)}s ago`]
  })
}

function describeRelay ({ ready, reason, now, node }: Extract<SourceStatus, { ready: boolean }>): string[][] {
  const callbacks = Object.entries(node.callbacks).map(([outcome, count]) => `${outcome} ${count}`).join(', ')
  return [
    ['ready', ready ? 'yes' : `no: ${reason}`],
    ['node', `${node.name}, ${node.runtime}, running for ${formatAge(node.startedAt, Date.parse(now))}`],
    ['streams', String(node.streams)],
    ['callbacks', callbacks || 'none']
  ]
}
