import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'
import { createHub, phraseRelay, type Hub } from '../../src/index.ts'
import type { EventStore } from '../../src/store/store.ts'

/** A relay mounted into an app of somebody else. */
export interface MountedRelay {
  readonly app: FastifyInstance
  readonly hub: Hub
  readonly url: string
}

/** Starts a listening app that has the relay mounted over a given store and bus; it ends with the test. */
export async function mountRelay (t: Test, store: EventStore, { bus = localBus(), prefix = '', config = {} }: { bus?: EventBus, prefix?: string, config?: Partial<Config> } = {}): Promise<MountedRelay> {
  const app = Fastify({ routerOptions: { maxParamLength: 128 } })
  const hub = createHub(store, bus)
  await app.register(phraseRelay, { hub, prefix, config: { DRAIN_MS: 0, ...config } })
  t.teardown(() => app.close())
  return { app, hub, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}
