import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemSchema } from '../../../schemas/problem.ts'
import { ErasedSchema, TaskParamsSchema } from '../../../schemas/task.ts'
import type { Hub } from '../../hub/hub.ts'
import { namesTask } from '../../suno/names-task.ts'
import type { CheckApiToken } from '../guards/api-token.ts'

/** Options of the erasure route. */
export interface EraseRouteOptions {
  readonly hub: Hub
  /** @throws {RelayError} `API_TOKEN_INVALID` when the request is not one of the app's own backend */
  readonly checkApiToken: CheckApiToken
}

/** `DELETE /tasks/:taskId` erases a task: its events, and the callbacks in quarantine that name it. Idempotent. */
export const erase: FastifyPluginAsyncTypebox<EraseRouteOptions> = async (app, { hub, checkApiToken }) => {
  app.addHook('onRequest', async (request) => { checkApiToken(request) })

  const response = { 200: ErasedSchema, '4xx': ProblemSchema, '5xx': ProblemSchema }
  app.delete('/tasks/:taskId', { schema: { params: TaskParamsSchema, response } }, async ({ params: { taskId } }) => {
    const { events, callbacks } = await hub.erase(taskId, (held) => namesTask(held, taskId))
    app.log.info({ taskId, events, callbacks }, 'task erased')
    return { taskId, events, callbacks }
  })
}
