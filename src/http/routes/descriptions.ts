import type { FastifyPluginAsync } from 'fastify'
import { describeEvents } from '../../description/asyncapi.ts'
import { describeHttp } from '../../description/openapi.ts'

/** Options of the descriptions. */
export interface DescriptionsOptions {
  /** Public URL of the relay, without a slash at the end; empty: it is not known. */
  readonly publicUrl: string
}

/** `GET /openapi.json` and `GET /asyncapi.json`: descriptions for programs, built at their first request. */
export const descriptions: FastifyPluginAsync<DescriptionsOptions> = async (app, { publicUrl }) => {
  const documents = new Map<string, string>()

  function add (path: string, build: () => object): void {
    app.get(path, async (_request, reply) => {
      const document = documents.get(path) ?? JSON.stringify(build())
      documents.set(path, document)
      return reply.type('application/json; charset=utf-8').send(document)
    })
  }

  add('/openapi.json', () => describeHttp(publicUrl || app.prefix || '/'))
  add('/asyncapi.json', describeEvents)
}
