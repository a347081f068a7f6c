import type { FastifyPluginAsync } from 'fastify'

/** Options of the descriptions. */
export interface DescriptionsOptions {
  /** Public URL of the relay, without a slash at the end; empty: it is not known. */
  readonly publicUrl: string
}

/** `GET /openapi.json` and `GET /asyncapi.json`: descriptions for programs, loaded and built at their first request. */
export const descriptions: FastifyPluginAsync<DescriptionsOptions> = async (app, { publicUrl }) => {
  const documents = new Map<string, string>()

  function add (path: string, build: () => Promise<object>): void {
    app.get(path, async (_request, reply) => {
      const document = documents.get(path) ?? JSON.stringify(await build())
      documents.set(path, document)
      return reply.type('application/json; charset=utf-8').send(document)
    })
  }

  add('/openapi.json', async () => {
    const { describeHttp } = await import('../../description/openapi.ts')
    return describeHttp(publicUrl || app.prefix || '/')
  })
  add('/asyncapi.json', async () => (await import('../../description/asyncapi.ts')).describeEvents())
}
