import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { acceptOtherBody } from '../../event.ts'
import { isSameSecret } from '../../secrets.ts'
import { checkKieSignature, checkStandardSignature, type Signed } from '../../suno/signature.ts'

/** Facts that an authentic callback proves beyond its body. */
export type Proof = Partial<Signed>

/** Checks whether callbacks come from the sender. */
export interface Authenticator {
  /** false: no token or key is configured, so every callback is accepted. */
  readonly required: boolean
  /**
   * Checks the token and the signature of a callback.
   *
   * @param body - the raw bytes of the body
   * @param json - the parsed body
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` if proof is required and the callback has none
   */
  prove (request: FastifyRequest, body: Uint8Array, json: unknown): Proof
}

/**
 * Creates the authenticator of callbacks. A token in the URL or a signature suffices.
 *
 * @param windowSeconds - maximum difference between a signature's time and ours, in both directions
 */
export function createAuthenticator (
  tokens: readonly string[], keys: readonly string[], windowSeconds: number
): Authenticator {
  const required = tokens.length + keys.length > 0

  function hasToken ({ query }: FastifyRequest): boolean {
    const { token } = query as { token?: unknown }
    return typeof token === 'string' && tokens.filter((known) => isSameSecret(known, token)).length > 0
  }

  return {
    required,

    prove (request, body, json) {
      const check = { keys, windowSeconds, now: Date.now() }
      const { headers } = request
      const signed = checkKieSignature(headers, json, check) ?? checkStandardSignature(headers, body, check)
      // A token proves the sender whatever body its signature came with before. The signature counts as used.
      if (hasToken(request)) return signed ? { ...signed, delivery: acceptOtherBody(signed.delivery) } : {}
      if (required && !signed) {
        const message = 'Cannot accept the callback: it has no proof, expected a token or a signature'
        throw new RelayError('CALLBACK_UNAUTHENTIC', message)
      }
      return signed ?? {}
    }
  }
}
