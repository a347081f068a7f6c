import { createScript } from '../../redis/script.ts'
import type { ListedNode, RelayNode } from '../store.ts'
import { BASE } from './lua.ts'
import type { StoreParts } from './parts.ts'

type Row = [id: string, ageMs: number, about: string]

/** Announces a node, and returns those that were announced within the lease. */
const NODES = createScript(BASE, `
local LEASE_MS = 15000
local id, about = ARGV[1], ARGV[2]
local now = wallClock()
-- A Redis that takes no writes shows the nodes all the same.
if about ~= '' then redis.pcall('HSET', P .. 'nodes', id, now .. '\\n' .. about) end
local nodes = {}
local all = redis.call('HGETALL', P .. 'nodes')
for i = 1, #all, 2 do
  local at, text = string.match(all[i + 1], '^(%d+)\\n(.*)$')
  -- The clock of another primary may be behind.
  local age = now - (tonumber(at) or 0)
  if math.abs(age) < LEASE_MS then
    nodes[#nodes + 1] = { all[i], math.max(0, age), text }
  else
    redis.pcall('HDEL', P .. 'nodes', all[i])
  end
end
return nodes
`)

/** Reads an announcement. Returns undefined if another version, or another program, wrote it in another form. */
function readNode (about: string): RelayNode | undefined {
  try {
    const { name, version, runtime, startedAt, streams } = JSON.parse(about)
    const isNode = [name, version, runtime, startedAt].every((text) => typeof text === 'string')
    return isNode && Number.isSafeInteger(streams) ? { name, version, runtime, startedAt, streams } : undefined
  } catch {
    return undefined
  }
}

/** Announces a node, if one is given, and reads the list of nodes, by their names. */
export async function readNodes ({ ask, seed }: StoreParts, own?: RelayNode): Promise<ListedNode[]> {
  const rows = await ask(NODES, seed, own ? JSON.stringify(own) : '') as Row[]
  const nodes = rows.flatMap(([id, ageMs, about]) => {
    const node = readNode(about)
    return node ? [{ ...node, ageMs, isOwn: id === seed }] : []
  })
  return nodes.sort((a, b) => a.name < b.name ? -1 : 1)
}
