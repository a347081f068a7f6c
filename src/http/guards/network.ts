const GROUPS = 8
const NETWORK_GROUPS = 4
const MAX_FORWARDED = 32
const IPV4_AND_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/
const BRACKETS_AND_PORT = /^\[([^\]]*)\](?::\d{1,5})?$/

/**
 * Returns the network that limits count as one client: an IPv4 address, or the first 64 bits of an IPv6 address,
 * because one host commonly owns all addresses with these bits.
 *
 * @param address - undefined after the connection has closed
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function networkOf (address = ''): string {
  const bare = withoutPort(address)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped || !bare.includes(':')) return mapped ?? bare
  const [head = [], tail = []] = bare.toLowerCase().split('::').map((part) => part.split(':'))
  const zeros = Array<string>(Math.max(0, GROUPS - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).map((group) => group || '0').join(':')
}

/**
 * Returns an `X-Forwarded-For` whose entries are addresses without ports, as some proxies append them. Keeps the last
 * 32 entries: proxies append, so the first ones are the client's own.
 */
export function normalizeForwardedFor (header: string): string {
  return header.split(',').slice(-MAX_FORWARDED).map((entry) => withoutPort(entry.trim())).join(', ')
}

function withoutPort (address: string): string {
  return (IPV4_AND_PORT.exec(address) ?? BRACKETS_AND_PORT.exec(address))?.[1] ?? address
}
