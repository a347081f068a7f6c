import type { FastifyRequest } from 'fastify'
import type { Step } from '../../../schemas/callback.ts'
import { RelayError } from '../../errors.ts'
import { acceptOtherBody } from '../../event.ts'
import { secretCheck } from '../../secrets.ts'
import { checkKieSignature, checkStandardSignature, maySign, type Signed } from '../../suno/signature.ts'

/** Facts that an authentic callback proves beyond its body. */
export interface Proof extends Partial<Signed> {
  /** Id of the reservation whose token the URL carries. */
  readonly submission?: string
}

/** Reads the tokens of reservations. Resolves with the id of the reservation, or undefined for any other text. */
export type VerifyReservation = (token: string, step: Step) => Promise<string | undefined>

/** Settings of the authenticator. */
export interface AuthenticatorOptions {
  readonly tokens: readonly string[]
  readonly keys: readonly string[]
  /** Maximum difference between a signature's time and ours, in both directions, in seconds. */
  readonly windowSeconds: number
  /** Whether a callback needs a proof. */
  readonly required: boolean
  readonly verifyReservation: VerifyReservation
}

/** Checks whether callbacks come from the sender. */
export interface Authenticator {
  /** false: every callback is accepted. */
  readonly required: boolean
  /**
   * Checks the token and the form of the signature, before the body is read.
   *
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` if proof is required and no body could prove the callback
   */
  screen (request: FastifyRequest): Promise<void>
  /**
   * Checks the token and the signature of a callback. The step is a parameter of its URL.
   *
   * @param bytes - the raw bytes of the body
   * @param text - the body as text; empty if it is not UTF-8
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` if proof is required and the callback has none; `STORE_UNAVAILABLE` if
   *   a reservation cannot be checked
   */
  prove (request: FastifyRequest, bytes: Uint8Array, text: string): Promise<Proof>
}

/** Creates the authenticator of callbacks. A token in the URL or a signature suffices. */
export function createAuthenticator (options: AuthenticatorOptions): Authenticator {
  const { tokens, keys, windowSeconds, required, verifyReservation } = options
  const isToken = secretCheck(tokens)
  const checkNow = () => ({ keys, windowSeconds, now: Date.now() })

  /** Resolves with what the token in the URL proves; undefined if there is none or it is unknown. */
  async function readToken ({ query, params }: FastifyRequest): Promise<Proof | undefined> {
    const { token } = query as { token?: unknown }
    if (typeof token !== 'string') return undefined
    if (isToken(token)) return {}
    const { step = 'regenerate' } = params as { step?: Step }
    const submission = await verifyReservation(token, step)
    return submission === undefined ? undefined : { submission }
  }

  return {
    required,

    async screen (request) {
      if (required && !await readToken(request) && !maySign(request.headers, checkNow())) throw unauthentic()
    },

    async prove (request, bytes, text) {
      const { headers } = request
      const check = checkNow()
      const signed = checkKieSignature(headers, text, check) ?? checkStandardSignature(headers, bytes, check)
      const proven = await readToken(request)
      // A token proves the sender whatever body its signature came with before. The signature counts as used.
      if (proven) return signed ? { ...signed, ...proven, delivery: acceptOtherBody(signed.delivery) } : proven
      if (required && !signed) throw unauthentic()
      return signed ?? {}
    }
  }
}

function unauthentic (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot accept the callback: it has no valid token or signature')
}
