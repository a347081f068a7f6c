import Fastify from 'fastify'
import { createHub, localBus, phraseRelay, sqliteStore } from 'phrase-relay'

const app = Fastify({ routerOptions: { maxParamLength: 128 }, return503OnClosing: false })
const hub = createHub({ store: await sqliteStore('relay.db'), bus: localBus() })
await app.register(phraseRelay, { prefix: '/voice', hub })
await app.listen({ port: 3000 })
