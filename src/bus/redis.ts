import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client } from '../redis/client.ts'
import type { RedisConnections } from '../redis/connections.ts'
import { useTwice } from '../redis/link.ts'
import { newsChannel, readMessage, tickChannel, writeMessage } from '../redis/news.ts'
import type { EventBus, News } from './bus.ts'

/** Interval at which a hub asks a Redis store for events that the bus did not report, in milliseconds. */
export const RESYNC_MS = 20_000

const TICK_MS = 1000
const MAX_UNHEARD = 3
const BATCH = 1000

type Listener = (news: News) => void

/** Channel of a task that has listeners. */
interface Channel {
  readonly listeners: Set<Listener>
  /** Resolves once Redis has confirmed the subscription. */
  readonly ready: Promise<unknown>
}

/**
 * Creates the bus of a Redis or Valkey: one channel for each task that has listeners here. `close()` closes the
 * connection for news.
 *
 * Each second the node sends itself a message. After three that did not come, it finds the primary again: no error of
 * a socket reports a subscriber that was left on a former primary.
 */
export function redisBus (connections: RedisConnections): EventBus {
  const { base, observer } = connections
  const start = newsChannel(base, '')
  const tick = tickChannel(base, randomBytes(8).toString('hex'))
  const channels = new Map<string, Channel>()
  const missed: Array<() => void> = []
  const publisher = connections.link('read')
  const link = connections.link('news', prepare)
  const ticking = setInterval(hearItself, TICK_MS).unref()
  const names: string[] = []
  let sending: Promise<void> | undefined
  let wasUp = false
  let unheard = 0

  async function prepare (client: Client): Promise<void> {
    client.on('smessage', onMessage)
    // The slot has moved to another node of the Cluster.
    client.on('moved', () => { link.drop('the slot of its channels has moved') })
    await subscribeAll(client, [tick, ...[...channels.keys()].map((taskId) => newsChannel(base, taskId))])
    unheard = 0
    if (wasUp) onMissed()
    wasUp = true
  }

  function onMissed (): void {
    observer.missed?.()
    for (const listener of missed) listener()
  }

  function onMessage (name: string, text: string): void {
    if (name === tick) {
      unheard = 0
      return
    }
    const taskId = name.slice(start.length)
    const channel = channels.get(taskId)
    if (!channel) {
      // Its last listener left while the channels were subscribed again.
      leave(taskId)
      return
    }
    const { epoch, seq, event, data } = readMessage(text)
    const news: News = { taskId, seq, id: `${epoch}.${seq}`, event: event as News['event'], data }
    for (const listener of channel.listeners) listener(news)
  }

  function hearItself (): void {
    if (!link.isUp) return
    if (unheard++ < MAX_UNHEARD) {
      publisher.use((client) => client.spublish(tick, '')).catch(() => {})
      return
    }
    for (const silent of [link, publisher]) silent.drop('the node did not hear itself')
  }

  /** Subscribes to a channel, together with all others that are joined in this turn: a command each costs 51 µs. */
  function send (name: string): Promise<void> {
    names.push(name)
    sending ??= nextTurn().then(() => {
      const all = names.splice(0)
      sending = undefined
      return useTwice(link, (client) => subscribeAll(client, all))
    })
    return sending
  }

  function join (taskId: string): Channel {
    const ready = send(newsChannel(base, taskId))
    const channel = { listeners: new Set<Listener>(), ready }
    channels.set(taskId, channel)
    return channel
  }

  function leave (taskId: string): void {
    // Without a connection there is no subscription to end.
    if (link.isUp) link.use((client) => client.sunsubscribe(newsChannel(base, taskId))).catch(() => {})
  }

  function remove (taskId: string, channel: Channel, listener: Listener): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return
    if (channels.get(taskId) !== channel) return
    channels.delete(taskId)
    leave(taskId)
  }

  return {
    async publish ({ taskId, seq, id, event, data }) {
      const text = writeMessage({ seq, epoch: id.slice(0, id.lastIndexOf('.')), event, data })
      await publisher.use((client) => client.spublish(newsChannel(base, taskId), text))
    },

    async subscribe (taskId, listener) {
      const channel = channels.get(taskId) ?? join(taskId)
      // One function may listen twice.
      const own: Listener = (news) => { listener(news) }
      channel.listeners.add(own)
      try {
        await channel.ready
      } catch (error) {
        remove(taskId, channel, own)
        throw error
      }
      return () => { remove(taskId, channel, own) }
    },

    onMissed (listener) { missed.push(listener) },

    async close () {
      clearInterval(ticking)
      channels.clear()
      link.close()
    }
  }
}

async function subscribeAll (client: Client, names: readonly string[]): Promise<void> {
  for (let i = 0; i < names.length; i += BATCH) await client.ssubscribe(...names.slice(i, i + BATCH))
}
