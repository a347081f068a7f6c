import type { FastifyRequest } from 'fastify'
import { StepSchema, type Step } from '../../schemas/callback.ts'
import { RelayError } from '../errors.ts'
import type { Authenticator, Proof } from './guards/authenticator.ts'
import { mediaTypeOf } from './guards/media-type.ts'
import { pathOf } from './path.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const EMPTY = Buffer.alloc(0)
const STEPS: readonly string[] = StepSchema.anyOf.map((step) => step.const)

/** Step of a callback whose URL names none. */
export const DEFAULT_STEP: Step = 'regenerate'

/** A request, for the log. */
export interface RequestDescription {
  readonly path: string
  readonly mediaType: string | undefined
}

/** An authentic callback. */
export interface Arrival extends RequestDescription {
  readonly step: Step
  /** JSON. */
  readonly body: string
  readonly json: unknown
  readonly proof: Proof
}

/**
 * Reads a request as an authentic callback.
 *
 * @throws {RelayError} `CALLBACK_UNAUTHENTIC`, or then `BODY_NOT_JSON`
 */
export async function readArrival (
  step: Step, request: FastifyRequest, authenticator: Authenticator
): Promise<Arrival> {
  const bytes = request.body as Buffer | undefined ?? EMPTY
  const body = decode(bytes)
  const proof = await authenticator.prove(request, bytes, body)
  return { step, body, json: parseJson(body), proof, ...describeRequest(request) }
}

/** Returns what the log says of a request. */
export function describeRequest (request: FastifyRequest): RequestDescription {
  return { path: pathOf(request.url), mediaType: mediaTypeOf(request) }
}

/** Returns the step of a URL, for the log. */
export function stepOf ({ params }: FastifyRequest): string {
  const { step = DEFAULT_STEP } = params as { step?: string }
  return STEPS.includes(step) ? step : 'unknown'
}

/** Returns the body as text; empty if it is not UTF-8. Only an authenticated sender learns that it is not. */
function decode (bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return ''
  }
}

function parseJson (body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new RelayError('BODY_NOT_JSON', 'Cannot read the callback: its body is not JSON in UTF-8')
  }
}
