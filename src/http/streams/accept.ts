const MAX_LENGTH = 1024
// From general to specific. Java's HttpURLConnection sends the bare `*`.
const RANGES = ['*', '*/*', 'text/*', 'text/event-stream']
const ZERO_QUALITY = /^\s*q\s*=\s*0(?:\.0*)?\s*$/i

/**
 * Whether an `Accept` header allows an event stream. The most specific range decides. Parameters other than `q` have no
 * effect, and an empty header counts as absent. Only the first 1,024 characters are read, which bounds the cost.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 */
export function acceptsStream (accept = ''): boolean {
  let isAccepted = !/[^\s,]/.test(accept)
  let specificity = 0
  for (const range of accept.slice(0, MAX_LENGTH).split(',')) {
    const [type = '', ...parameters] = range.split(';')
    const found = RANGES.indexOf(type.trim().toLowerCase())
    if (found < specificity) continue
    specificity = found
    isAccepted = !parameters.some((parameter) => ZERO_QUALITY.test(parameter))
  }
  return isAccepted
}

/** Whether an `Accept` header names event streams, as the header of a browser's `EventSource` does. */
export function namesStream (accept = ''): boolean {
  return accept.toLowerCase().includes('text/event-stream')
}
