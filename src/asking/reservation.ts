import { createSecretKey, type KeyObject } from 'node:crypto'
import type * as Jose from 'jose'
import type { Step } from '../../schemas/callback.ts'

const ALGORITHM = 'HS256'
const MAX_TOKEN_LENGTH = 512
// The header of every token of ours is the same: {"alg":"HS256"}.
const FORM = /^eyJhbGciOiJIUzI1NiJ9\.[\w-]+\.[\w-]+$/

/** Tokens for callback URLs: each proves that a callback belongs to one reservation and one step. */
export interface Reservations {
  /** Resolves with a token, which is safe in a URL. */
  sign (id: string, step: Step, expires: Date): Promise<string>
  /** Resolves with the id of the reservation that a token is for; undefined when it is no valid token for the step. */
  verify (token: string, step: Step): Promise<string | undefined>
}

/**
 * Creates the tokens of a store: JWTs with the reservation as `jti`, the step and an end.
 *
 * @param signingKey - resolves with the secret of the store; both methods reject when it does
 * @param isUsed - whether tokens are expected: what checks them is then loaded now
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export function createReservations (signingKey: () => Promise<string>, isUsed = true): Reservations {
  let secret: KeyObject | undefined
  let jose: typeof Jose | undefined
  if (isUsed) import('jose').catch(() => {})

  async function toSecret (): Promise<KeyObject> {
    secret ??= createSecretKey(await signingKey(), 'utf8')
    return secret
  }

  return {
    async sign (id, step, expires) {
      jose ??= await import('jose')
      const token = new jose.SignJWT({ step }).setProtectedHeader({ alg: ALGORITHM }).setJti(id)
      return token.setExpirationTime(expires).sign(await toSecret())
    },

    async verify (token, step) {
      // Texts of another form cost nothing.
      if (token.length > MAX_TOKEN_LENGTH || !FORM.test(token)) return undefined
      const key = await toSecret()
      const options = { algorithms: [ALGORITHM], requiredClaims: ['jti', 'exp'] }
      jose ??= await import('jose')
      const claims = await jose.jwtVerify<{ step: Step }>(token, key, options).catch(() => undefined)
      return claims?.payload.step === step ? claims.payload.jti : undefined
    }
  }
}
