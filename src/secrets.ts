import { hash, timingSafeEqual } from 'node:crypto'

const TOKEN = /(token|ticket)(=|%3[dD]|\\u003[dD])([^&\s"\\#]+)/g
// The start of a callback URL's query, as text or percent-encoded.
const OWN_URL = /callback[^\s"]*$/
const MAX_PATH = 64
// The header of tokens that the relay signs: {"alg":"HS256"}.
const SIGNED = 'eyJhbGciOiJIUzI1NiJ9.'

/** Compares two texts in a time that does not depend on the part of them that is equal. */
export function isSameSecret (a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

/** Returns a check whether a text is one of the secrets. Its time does not depend on the secrets or on their order. */
export function secretCheck (secrets: readonly string[]): (text: string) => boolean {
  const digests = secrets.map(digest)
  return (text) => {
    const found = digest(text)
    return digests.filter((known) => timingSafeEqual(known, found)).length > 0
  }
}

function digest (text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** Removes the tokens and tickets of the relay's own URLs from a text, such as JSON. Other URLs stay as they are. */
export function redactTokens (text: string): string {
  // Most texts have neither word: the search takes 0.1 µs.
  if (!text.includes('token') && !text.includes('ticket')) return text
  return text.replace(TOKEN, (found, name: string, sign: string, value: string, at: number) => {
    const isOwn = value.startsWith(SIGNED) || OWN_URL.test(text.slice(Math.max(0, at - MAX_PATH), at))
    return isOwn ? `${name}${sign}[${name}]` : found
  })
}
