import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CallbackParamsSchema, ReceivedSchema, type Step } from '../../schemas/callback.ts'
import { ProblemSchema } from '../../schemas/problem.ts'
import { RelayError } from '../errors.ts'
import type { Hub } from '../hub.ts'
import { readCallback } from '../suno/callback.ts'
import { requirePlainUtf8 } from './media-type.ts'

const response = { 200: ReceivedSchema, '4xx': ProblemSchema, '5xx': ProblemSchema }

/** `POST /callback` and `POST /callback/:step`: keep the callback, tell the streams, answer 200. */
export const callback: FastifyPluginAsyncTypebox<{ hub: Hub, bodyLimit: number }> = async (app, { hub, bodyLimit }) => {
  app.addHook('onRequest', requirePlainUtf8)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => parseJson(body))

  async function keep (step: Step, body: unknown) {
    const { taskId, draft } = readCallback(step, body, new Date())
    const { event, duplicate } = await hub.publish(taskId, draft)
    return { received: true as const, taskId, eventId: event.id, duplicate }
  }

  app.post('/callback', { bodyLimit, schema: { response } }, async (request) => keep('regenerate', request.body))
  app.post('/callback/:step', { bodyLimit, schema: { params: CallbackParamsSchema, response } }, async (request) => keep(request.params.step, request.body))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson (body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch (cause) {
    throw new RelayError('BODY_NOT_JSON', 'Cannot read the callback: its body is not JSON in UTF-8', { cause })
  }
}
