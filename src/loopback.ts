import { isIP } from 'node:net'

/** Whether a peer's address is of this machine; an IPv4 one may come mapped into IPv6. */
export function isLoopbackAddress (address: string | undefined): boolean {
  return isLoopback((address ?? '').replace(/^::ffff:/, ''))
}

/** Whether a host name or an address, an IPv6 one with or without brackets, names this machine. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}
