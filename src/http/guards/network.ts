const GROUPS = 8
const NETWORK_GROUPS = 4

/**
 * Returns the network that limits count as one client: an IPv4 address, or the first 64 bits of an IPv6 address,
 * because one host commonly owns all addresses with these bits.
 *
 * @param address - undefined after the connection has closed
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function networkOf (address = ''): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped || !address.includes(':')) return mapped ?? address
  const [head = [], tail = []] = address.toLowerCase().split('::').map((part) => part.split(':'))
  const zeros = Array<string>(Math.max(0, GROUPS - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).map((group) => group || '0').join(':')
}
