import { Redis } from 'ioredis'
import type { Login, Place, RedisAddress } from './address.ts'
import { deadline } from './deadline.ts'

const CONNECT_MS = 2000

/** Connection to a server. */
export type Client = Redis

/** Open connection to a server. */
export interface Connected {
  readonly client: Client
  readonly place: Place
}

/**
 * Connects to one server. The library neither connects again, nor queues commands without a connection, nor repeats
 * any: a link finds the primary again, and only its callers know which commands are safe to repeat.
 *
 * @throws {Error} if the server does not answer within two seconds, or refuses the login
 */
export async function connect (place: Place, { tls, db = 0 }: RedisAddress, login: Login): Promise<Client> {
  const { username, password } = login
  const client = new Redis({
    ...place,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: tls.ca === undefined ? {} : { ca: tls.ca } }),
    db,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    retryStrategy: null
  })
  // The first error is the cause: the promise of `connect()` says only that the connection is closed.
  let cause: Error | undefined
  client.on('error', (error: Error) => { cause ??= error })
  try {
    await deadline(client.connect(), CONNECT_MS, 'no answer to a connection')
    if (cause) throw cause
    return client
  } catch (error) {
    client.disconnect()
    throw cause ?? error
  }
}

/** Reads the fields of the server's `INFO`. */
export async function readInfo (client: Client): Promise<ReadonlyMap<string, string>> {
  const text = await deadline(client.info(), CONNECT_MS, 'no answer to INFO')
  const fields = text.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'))
  return new Map(fields.map((line) => {
    const end = line.indexOf(':')
    return [line.slice(0, end), line.slice(end + 1)]
  }))
}
