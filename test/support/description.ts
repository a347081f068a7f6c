import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Test } from 'tap'
import { describeHttp } from '../../src/description/openapi.ts'
import { sendRaw } from './raw.ts'

interface Described {
  readonly $ref?: string
  readonly headers?: Readonly<Record<string, { readonly schema: object }>>
  readonly content?: Readonly<Record<string, unknown>>
}

interface OpenApi {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Described> }>>
}

/** The description as a program gets it. */
export const OPENAPI: OpenApi = JSON.parse(JSON.stringify(describeHttp('/')))

const METHODS = ['get', 'head', 'post', 'put', 'delete']
const ANY_ERROR = '#/components/responses/Problem'

/** Operations of the description, such as `get /tasks/{taskId}`, with their responses. */
export const OPERATIONS: ReadonlyMap<string, Record<string, Described>> = new Map(operations())

function operations () {
  return Object.entries(OPENAPI.paths).flatMap(([path, operations]) => {
    return Object.entries(operations).filter(([method]) => METHODS.includes(method))
      .map(([method, { responses }]) => [`${method} ${path}`, responses] as const)
  })
}

/** Creates a check of values against parts of a document, named by their JSON pointer. */
export function pointerCheck (document: object): (pointer: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false })
  ajv.addSchema(document, 'document')
  return (pointer) => ajv.compile({ $ref: `document${pointer}` })
}

/** A description without room for fields that it does not name. Nothing else keeps such fields out of an answer. */
const closed: object = JSON.parse(JSON.stringify(OPENAPI), (_key, part) => {
  const hasFields = part?.type === 'object' && Object.keys(part.properties ?? {}).length > 0
  return hasFields ? { additionalProperties: false, ...part } : part
})
const validatorOf = pointerCheck(closed)
const escape = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))

/** Returns the operation of a request; undefined if the description has none. */
function operationOf (method: string, path: string): string | undefined {
  return [...OPERATIONS.keys()].find((name) => {
    const [verb, template] = name.split(' ') as [string, string]
    return verb === method && new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
  })
}

/** Pointer to the response of an operation, and its description. */
function responseOf (operation: string | undefined, status: number): { pointer: string, described: Described } {
  const responses = operation === undefined ? {} : OPERATIONS.get(operation) as Record<string, Described>
  const described = responses[status] ?? responses[`${String(status)[0]}XX`] ?? { $ref: ANY_ERROR }
  if (described.$ref) return { pointer: described.$ref, described: { content: { 'application/problem+json': {} } } }
  const [method, path] = (operation as string).split(' ') as [string, string]
  return { pointer: `#/paths/${escape(path)}/${method}/responses/${status}`, described }
}

/** Tests that an answer is as described. Returns the operation with the status, and the code of a problem. */
export async function conforms (
  t: Test, response: Response, method: string, path: string
): Promise<{ seen: string, code: string | undefined }> {
  const { status } = response
  const operation = operationOf(method, path)
  const { pointer, described } = responseOf(operation, status)
  for (const [name, { schema }] of Object.entries(described.headers ?? {})) {
    t.ok(response.headers.has(name), `${path} ${status} has the header ${name}, as ${JSON.stringify(schema)}`)
  }
  if (!described.content || method === 'head') return { seen: `${operation} ${status}`, code: undefined }
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  t.ok(type in described.content, `${path} ${status} has a described media type: ${type}`)
  if (type === 'text/event-stream') return { seen: `${operation} ${status}`, code: undefined }
  const body = type.endsWith('json') ? await response.json() : await response.text()
  const validate = validatorOf(`${pointer}/content/${escape(type)}/schema`)
  t.ok(validate(body), `${method} ${path} ${status}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(body)}`)
  return { seen: `${operation} ${status}`, code: status < 400 ? undefined : body.code }
}

/** Sends bytes as they are. Resolves with the answer. */
export async function fetchRaw (t: Test, url: string, bytes: string | Uint8Array): Promise<Response> {
  return toResponse(await sendRaw(t, url, bytes))
}

/** Returns the answer in the bytes that a server has sent. */
export function toResponse (text: string): Response {
  const [head = '', body] = text.split('\r\n\r\n', 2)
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => line.split(': ', 2) as [string, string])
  return new Response(body, { status: Number(first.split(' ')[1]), headers })
}
