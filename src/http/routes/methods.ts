import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { RelayError } from '../../errors.ts'
import type { ReportUnmatched } from './unmatched.ts'

/**
 * Makes every route of an app answer other methods with 405 and `Allow`. Call it before the routes are registered.
 *
 * @returns a function to call after the routes are registered
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
 */
export function refuseOtherMethods (app: FastifyInstance, report: ReportUnmatched): () => void {
  const allowed = new Map<string, Set<string>>()

  app.addHook('onRoute', ({ method, url }) => {
    const path = url.slice(app.prefix.length)
    const methods = allowed.get(path) ?? new Set()
    allowed.set(path, methods)
    for (const name of [method].flat()) methods.add(name)
    // Fastify adds a HEAD route to a GET route. Under a prefix it reports only the HEAD route of the path with a slash.
    if (methods.has('HEAD')) methods.add('GET')
  })

  return () => {
    for (const [url, methods] of [...allowed]) {
      const method = app.supportedMethods.filter((name) => !methods.has(name)) as HTTPMethods[]
      const refuse = refusal([...methods], report)
      // In a hook, so that no body is read before.
      app.route({ url, method, prefixTrailingSlash: 'slash', onRequest: refuse, handler: refuse })
    }
  }
}

function refusal (methods: readonly string[], report: ReportUnmatched) {
  const list = methods.toSorted().join(', ')
  return async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    report(request, 'METHOD_NOT_ALLOWED')
    reply.header('allow', list)
    throw new RelayError('METHOD_NOT_ALLOWED', `Cannot ${request.method} this path: it accepts ${list}`)
  }
}
