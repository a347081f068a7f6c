import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { acceptOtherBody } from '../../event.ts'
import { secretCheck } from '../../secrets.ts'
import { checkKieSignature, checkStandardSignature, maySign, type Signed } from '../../suno/signature.ts'

/** Facts that an authentic callback proves beyond its body. */
export type Proof = Partial<Signed>

/** Checks whether callbacks come from the sender. */
export interface Authenticator {
  /** false: no token or key is configured, so every callback is accepted. */
  readonly required: boolean
  /**
   * Checks the token and the form of the signature, before the body is read.
   *
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` if proof is required and no body could prove the callback
   */
  screen (request: FastifyRequest): void
  /**
   * Checks the token and the signature of a callback.
   *
   * @param bytes - the raw bytes of the body
   * @param text - the body as text; empty if it is not UTF-8
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` if proof is required and the callback has none
   */
  prove (request: FastifyRequest, bytes: Uint8Array, text: string): Proof
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
  const isToken = secretCheck(tokens)
  const checkNow = () => ({ keys, windowSeconds, now: Date.now() })

  function hasToken ({ query }: FastifyRequest): boolean {
    const { token } = query as { token?: unknown }
    return typeof token === 'string' && isToken(token)
  }

  return {
    required,

    screen (request) {
      if (required && !hasToken(request) && !maySign(request.headers, checkNow())) throw unauthentic()
    },

    prove (request, bytes, text) {
      const { headers } = request
      const check = checkNow()
      const signed = checkKieSignature(headers, text, check) ?? checkStandardSignature(headers, bytes, check)
      // A token proves the sender whatever body its signature came with before. The signature counts as used.
      if (hasToken(request)) return signed ? { ...signed, delivery: acceptOtherBody(signed.delivery) } : {}
      if (required && !signed) throw unauthentic()
      return signed ?? {}
    }
  }
}

function unauthentic (): RelayError {
  return new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot accept the callback: it has no valid token or signature')
}
