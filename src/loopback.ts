import { isIP } from 'node:net'

/** Whether a host name or an address, an IPv6 one with or without brackets, names this machine. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}
