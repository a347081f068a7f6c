import { Type } from '@sinclair/typebox'
import { CallbackBodySchema, StepSchema } from '../../schemas/callback.ts'
import { ClosingSchema, EventDataSchema, EventNameSchema, SubscribedSchema } from '../../schemas/event.ts'
import { VERSION } from '../version.ts'
import { SECURITY_SCHEMES } from './security.ts'

const EVENTS = EventNameSchema.anyOf.map((name) => name.const)
const STEPS = StepSchema.anyOf.map((step) => step.const)
const ID = Type.String({ description: 'event id, <epoch>.<seq>: the cursor of a later stream' })

/** Returns an event of a stream. Its fields `event` and `id` are described as headers, its `data` as the payload. */
function frame (name: string, summary: string, payload: object) {
  const headers = Type.Object({ event: Type.Literal(name), id: Type.Optional(ID) })
  return { name, summary, contentType: 'application/json', headers, payload }
}

function messages () {
  const events = EVENTS.map((name) => [name, frame(name, `Event ${name}`, { $ref: '#/components/schemas/EventData' })])
  return {
    callback: { name: 'callback', contentType: 'application/json', payload: CallbackBodySchema },
    subscribed: frame('subscribed', 'First event of every stream', SubscribedSchema),
    ...Object.fromEntries(events),
    closing: frame('closing', 'Last event of a stream that the server ends', ClosingSchema)
  }
}

/** Returns the security schemes of the HTTP API. A key in a request has another type here. */
function securitySchemes () {
  const schemes = Object.entries(SECURITY_SCHEMES).map(([name, { type, ...scheme }]) => {
    return [name, { type: type === 'apiKey' ? 'httpApiKey' : type, ...scheme }]
  })
  return Object.fromEntries(schemes)
}

const secure = (name: keyof typeof SECURITY_SCHEMES) => ({ $ref: `#/components/securitySchemes/${name}` })
const refer = (name: string) => ({ $ref: `#/components/messages/${name}` })

function send (channel: string, summary: string) {
  return {
    action: 'send',
    summary,
    channel: { $ref: `#/channels/${channel}` },
    security: (['ticketHeader', 'ticketQuery', 'ticketCookie'] as const).map(secure),
    bindings: { http: { method: 'GET', bindingVersion: '0.3.0' } }
  }
}

/**
 * Returns the description of the messages of a relay: callbacks come in, events go out.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function describeEvents (): object {
  const names = ['subscribed', ...EVENTS, 'closing']
  const sent = Object.fromEntries(names.map((name) => [name, refer(name)]))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Phrase Relay',
      version: VERSION,
      description: 'Turns Suno Voice callbacks into Server-Sent Events. /openapi.json describes the HTTP API.',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' }
    },
    defaultContentType: 'application/json',
    channels: {
      callbacks: {
        address: '/callback/{step}',
        description: 'Callbacks of Suno',
        parameters: { step: { enum: STEPS, description: 'call to Suno that the callback answers' } },
        messages: { callback: refer('callback') }
      },
      events: {
        address: '/events/{taskId}',
        description: 'Stream of Server-Sent Events of one task',
        parameters: { taskId: { description: 'task id: 1 to 128 characters of A-Z a-z 0-9 . _ : -' } },
        messages: sent
      },
      eventsOfTasks: {
        address: '/events',
        description: 'Stream of Server-Sent Events of several tasks, which the parameters `task` name',
        messages: sent
      }
    },
    operations: {
      receiveCallback: {
        action: 'receive',
        summary: 'Suno posts a callback',
        channel: { $ref: '#/channels/callbacks' },
        security: (['callbackToken', 'kieSignature', 'webhookSignature'] as const).map(secure),
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } }
      },
      sendEvents: send('events', 'The relay sends the events of a task, stored ones first'),
      sendEventsOfTasks: send('eventsOfTasks', 'The relay sends the events of several tasks, stored ones first')
    },
    components: { messages: messages(), schemas: { EventData: EventDataSchema }, securitySchemes: securitySchemes() }
  }
}
