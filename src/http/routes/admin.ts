import { hostname } from 'node:os'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  RefusalsSchema, SamplesQuerySchema, SamplesSchema, StatusSchema, TaskListQuerySchema, TaskListSchema,
  TimelineQuerySchema, TimelineSchema, type Status
} from '../../../schemas/admin.ts'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { TaskParamsSchema } from '../../../schemas/task.ts'
import { answerStore, answerTasks, answerTimeline, toIso } from '../../admin/answers.ts'
import { known } from '../../admin/known.ts'
import { announceNode } from '../../admin/nodes.ts'
import type { Readiness } from '../../admin/readiness.ts'
import { callbacksByOutcome, openStreams, startSampler } from '../../admin/sampler.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Metrics } from '../../metrics.ts'
import { VERSION } from '../../version.ts'
import type { AdminCheck } from '../guards/admin.ts'
import type { RefusalLog } from '../guards/refusal-log.ts'
import { adminQuarantine } from './admin-quarantine.ts'

const problems = { '4xx': ProblemSchema, '5xx': ProblemSchema }
const { deno, node } = process.versions
const NODE = {
  name: `${hostname()}:${process.pid}`,
  runtime: deno ? `Deno ${deno}` : `Node ${node}`,
  startedAt: toIso(performance.timeOrigin)
}

/** Options of the routes for the operator. */
export interface AdminOptions {
  readonly hub: Hub
  readonly readiness: () => Promise<Readiness>
  readonly metrics: Metrics
  readonly refusals: RefusalLog
  readonly check: AdminCheck
}

/** `/admin/api/…`: what the page of the operator and the commands show. */
export const admin: FastifyPluginAsyncTypebox<AdminOptions> = async (app, options) => {
  const { hub, readiness, metrics: { registry }, refusals, check } = options
  const sampler = startSampler(registry)
  const nodes = announceNode(hub, async () => ({ ...NODE, version: VERSION, streams: await openStreams(registry) }))
  app.addHook('onClose', async () => {
    sampler.stop()
    nodes.stop()
  })

  app.addHook('onRequest', async (request, reply) => {
    // No page of another origin reads an answer, whatever CORS_ORIGINS allows for streams.
    reply.removeHeader('access-control-allow-origin')
    check.requireAdmin(request)
    reply.header('cache-control', 'no-store')
  })

  async function status (): Promise<Status> {
    const [readinessNow, store, fleet] = await Promise.all([
      known(readiness(), { ready: false, reason: 'The store does not answer' }), answerStore(hub), nodes.list()
    ])
    const node = { ...NODE, streams: await openStreams(registry), callbacks: await callbacksByOutcome(registry) }
    return { version: VERSION, now: toIso(Date.now()), ...readinessNow, node, nodes: fleet, store }
  }

  app.get('/admin/api/status', { schema: { response: { 200: StatusSchema, ...problems } } }, status)

  const samplesSchema = { querystring: SamplesQuerySchema, response: { 200: SamplesSchema, ...problems } }
  app.get('/admin/api/samples', { schema: samplesSchema }, async ({ query: { after = 0 } }) => {
    return { samples: sampler.after(after) }
  })

  const listSchema = { querystring: TaskListQuerySchema, response: { 200: TaskListSchema, ...problems } }
  app.get('/admin/api/tasks', { schema: listSchema }, async ({ query }) => answerTasks(hub, query))

  const response = { 200: TimelineSchema, ...problems }
  const timelineSchema = { params: TaskParamsSchema, querystring: TimelineQuerySchema, response }
  app.get('/admin/api/tasks/:taskId', { schema: timelineSchema }, async ({ params: { taskId }, query: { after } }) => {
    return answerTimeline(hub, taskId, after)
  })

  app.get('/admin/api/refusals', { schema: { response: { 200: RefusalsSchema, ...problems } } }, async () => {
    return {
      refusals: refusals.recent().map(({ firstAt, lastAt, addresses, ...refusal }) => {
        return { ...refusal, firstAt: toIso(firstAt), lastAt: toIso(lastAt), addresses: [...addresses] }
      })
    }
  })

  await app.register(adminQuarantine, { hub })
}
