import type { Hub, ListedNode, RelayNode } from '../hub/hub.ts'
import { known } from './known.ts'

const BEAT_MS = 5000

/** Announcement of this relay to others on its store. */
export interface NodeAnnouncement {
  /** Resolves with all relays on the store: none while it is unavailable, null if it does not know them. */
  list (): Promise<ListedNode[] | null>
  stop (): void
}

/** Announces this relay every five seconds. After its end the others forget it within fifteen. */
export function announceNode (hub: Pick<Hub, 'nodes'>, describe: () => Promise<RelayNode>): NodeAnnouncement {
  async function list (): Promise<ListedNode[] | null> {
    const own = await describe()
    return await known(hub.nodes(own), []) ?? null
  }

  const timer = setInterval(list, BEAT_MS).unref()
  list()

  return {
    list,
    stop () { clearInterval(timer) }
  }
}
