import type { FastifyRequest } from 'fastify'
import { RelayError } from '../../errors.ts'
import { acceptOtherBody } from '../../event.ts'
import { isSameSecret } from '../../secrets.ts'
import { checkKieSignature, checkStandardSignature, type Signed } from '../../suno/signature.ts'

/** What is known of an authentic callback beyond its body. */
export type Proof = Partial<Signed>

/** Tells callbacks of the sender from those of strangers. */
export interface Authenticator {
  /** false: nothing is configured that a callback could prove itself with, and every one is let in. */
  readonly required: boolean
  /**
   * What a callback proves.
   *
   * @param body - the raw bytes of the body
   * @param json - what they say
   * @throws {RelayError} `CALLBACK_UNAUTHENTIC` when proof is required and there is none
   */
  prove (request: FastifyRequest, body: Uint8Array, json: unknown): Proof
}

/**
 * Makes what decides whether a callback is authentic: a token in its URL or a signature over it; either suffices.
 *
 * @param windowSeconds - how far a signature's time may be from ours, both ways
 */
export function createAuthenticator (tokens: readonly string[], keys: readonly string[], windowSeconds: number): Authenticator {
  const required = tokens.length + keys.length > 0

  function hasToken ({ query }: FastifyRequest): boolean {
    const { token } = query as { token?: unknown }
    return typeof token === 'string' && tokens.filter((known) => isSameSecret(known, token)).length > 0
  }

  return {
    required,

    prove (request, body, json) {
      const check = { keys, windowSeconds, now: Date.now() }
      const signed = checkKieSignature(request.headers, json, check) ?? checkStandardSignature(request.headers, body, check)
      // The token proves the sender, whatever body came with the signature before; the signature is used up all the same.
      if (hasToken(request)) return signed ? { ...signed, delivery: acceptOtherBody(signed.delivery) } : {}
      if (required && !signed) throw new RelayError('CALLBACK_UNAUTHENTIC', 'Cannot accept the callback: it proves nothing, expected a token or a signature')
      return signed ?? {}
    }
  }
}
