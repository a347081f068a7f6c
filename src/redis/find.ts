import type { Place, RedisAddress } from './address.ts'
import { connect, readInfo, type Client, type Connected } from './client.ts'
import { deadline } from './deadline.ts'

const ASK_MS = 2000
const MAX_REDIRECTS = 3

/** Finds the primary that has the keys of a relay. */
export interface Finder {
  /**
   * Connects to the primary.
   *
   * @throws {Error} with the fact about the last server that was asked
   */
  find (): Promise<Connected>
}

/**
 * Creates a finder: it asks the places of the address one by one, and in a Cluster the last primary and its replicas,
 * too. Sentinels name the primary. A node of a Cluster that does not have the keys names the one that has them.
 *
 * @param key - any key of the relay: all are in one slot
 */
export function primaryFinder (address: RedisAddress, key: string): Finder {
  let known: readonly Place[] = []

  async function tryAll (places: readonly Place[], attempt: (place: Place) => Promise<Connected>): Promise<Connected> {
    let last = new Error('there is no server to ask')
    for (const place of places) {
      try {
        return await attempt(place)
      } catch (error) {
        last = new Error(`${place.host}:${place.port}: ${(error as Error).message}`)
      }
    }
    throw last
  }

  /** Connects to a primary, or to the one to which it redirects. */
  async function connectPrimary (place: Place, redirects = 0): Promise<Connected> {
    const client = await connect(place, address, address)
    try {
      const info = await readInfo(client)
      const isCluster = info.get('cluster_enabled') === '1'
      const other = isCluster ? await redirection(client, place, key) : undefined
      if (!other) {
        requirePrimary(info)
        known = isCluster ? [place, ...replicasOf(info)] : []
        return { client, place }
      }
      if (redirects === MAX_REDIRECTS) throw new Error('it redirects in a circle')
      client.disconnect()
      return await connectPrimary(other, redirects + 1)
    } catch (error) {
      client.disconnect()
      throw error
    }
  }

  async function askSentinel (place: Place): Promise<Connected> {
    const client = await connect(place, { ...address, db: 0 }, address.sentinel ?? address)
    try {
      const asking = client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.primary as string)
      const answer = await deadline(asking, ASK_MS, 'no answer to SENTINEL') as [string, string] | null
      if (!answer) throw new Error(`it knows no primary ${JSON.stringify(address.primary)}`)
      return await connectPrimary({ host: answer[0], port: Number(answer[1]) })
    } finally {
      client.disconnect()
    }
  }

  return {
    find: () => {
      if (address.primary !== undefined) return tryAll(address.places, askSentinel)
      return tryAll([...known, ...address.places], connectPrimary)
    }
  }
}

function requirePrimary (info: ReadonlyMap<string, string>): void {
  const role = info.get('role')
  if (role !== 'master') throw new Error(`its role is ${role}, expected master`)
}

/** Returns the node to which a node of a Cluster redirects; undefined if it has the slot of the key itself. */
async function redirection (client: Client, { host }: Place, key: string): Promise<Place | undefined> {
  try {
    await deadline(client.exists(key), ASK_MS, 'no answer')
    return undefined
  } catch (error) {
    const [, otherHost, port] = /^MOVED \d+ (.*):(\d+)$/.exec((error as Error).message) ?? []
    if (port === undefined) throw error
    return { host: otherHost || host, port: Number(port) }
  }
}

/** Returns the replicas of a primary: after a failover one of them knows the new primary. */
function replicasOf (info: ReadonlyMap<string, string>): Place[] {
  return [...info].flatMap(([name, value]) => {
    const [, host, port] = /^ip=([^,]+),port=(\d+),/.exec(value) ?? []
    return name.startsWith('slave') && host !== undefined ? [{ host, port: Number(port) }] : []
  })
}
