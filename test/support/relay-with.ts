import Fastify, { type FastifyInstance, type onRequestHookHandler } from 'fastify'
import type { Test } from 'tap'
import type { Config } from '../../schemas/config.ts'
import type { EventBus } from '../../src/bus/bus.ts'
import { localBus } from '../../src/bus/local.ts'
import { createHub, phraseRelay, type Hub } from '../../src/index.ts'
import type { EventStore } from '../../src/store/store.ts'
import { closeNow } from './relay.ts'

/** A relay in an app of its user. */
export interface MountedRelay {
  readonly app: FastifyInstance
  readonly hub: Hub
  readonly url: string
}

export interface MountOptions {
  readonly bus?: EventBus
  readonly prefix?: string
  readonly config?: Partial<Config>
  /** A hook of the app. */
  readonly onRequest?: onRequestHookHandler
}

/** Starts a listening app with a relay on the given store and bus. It ends with the test. */
export async function mountRelay (t: Test, store: EventStore, options: MountOptions = {}): Promise<MountedRelay> {
  const { bus = localBus(), prefix = '', config = {}, onRequest } = options
  const app = Fastify({ routerOptions: { maxParamLength: 128 }, return503OnClosing: false })
  const hub = createHub({ store, bus })
  if (onRequest) app.addHook('onRequest', onRequest)
  await app.register(phraseRelay, { hub, prefix, config: { DRAIN_MS: 0, ...config } })
  t.teardown(() => closeNow(app))
  return { app, hub, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}
