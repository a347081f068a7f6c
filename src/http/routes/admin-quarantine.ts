import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  DroppedSchema, HeldParamsSchema, HeldSchema, QuarantineSchema, ReplayedSchema
} from '../../../schemas/admin.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { toIso } from '../../admin/answers.ts'
import { RelayError } from '../../errors.ts'
import type { Hub } from '../../hub/hub.ts'
import { redactTokens } from '../../secrets.ts'
import { readHeld } from '../../suno/callback.ts'
import { requireJsonType } from '../guards/media-type.ts'

const problems = { '4xx': ProblemSchema, '5xx': ProblemSchema }
// A body of JSON is what a form of another origin cannot send.
const action = { params: HeldParamsSchema, body: Type.Object({}) }

/** `/admin/api/quarantine/…`: shows, replays and drops callbacks in quarantine. */
export const adminQuarantine: FastifyPluginAsyncTypebox<{ readonly hub: Hub }> = async (app, { hub }) => {
  app.addHook('onRequest', requireJsonType)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))

  app.get('/admin/api/quarantine', { schema: { response: { 200: QuarantineSchema, ...problems } } }, async () => {
    const held = await hub.quarantine.list()
    return { callbacks: held.map(({ at, ...callback }) => ({ ...callback, at: toIso(at) })) }
  })

  const showSchema = { params: HeldParamsSchema, response: { 200: HeldSchema, ...problems } }
  app.get('/admin/api/quarantine/:id', { schema: showSchema }, async ({ params: { id } }) => {
    const held = await hub.quarantine.get(id)
    if (!held) throw notHeld('show', id)
    const { at, step, reason, bytes, body } = held
    return { id, at: toIso(at), step, reason, bytes, body: redactTokens(body) }
  })

  const replaySchema = { ...action, response: { 200: ReplayedSchema, ...problems } }
  app.post('/admin/api/quarantine/:id/replay', { schema: replaySchema }, async ({ params: { id } }) => {
    const [replayed] = await hub.replay(readHeld, id)
    if (!replayed) throw notHeld('replay', id)
    const { event, reason = null } = replayed
    app.log.info({ id, taskId: event?.taskId, eventId: event?.id, reason }, event ? 'replayed' : 'still in quarantine')
    return { id, taskId: event?.taskId ?? null, eventId: event?.id ?? null, reason }
  })

  const dropSchema = { ...action, response: { 200: DroppedSchema, ...problems } }
  app.post('/admin/api/quarantine/:id/drop', { schema: dropSchema }, async ({ params: { id } }) => {
    if (!await hub.quarantine.drop(id)) throw notHeld('drop', id)
    app.log.info({ id }, 'dropped from quarantine')
    return { id }
  })
}

function notHeld (verb: string, id: number): RelayError {
  return new RelayError('NOT_FOUND', `Cannot ${verb} callback ${id}: it is not in the quarantine`)
}
