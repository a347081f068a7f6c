/** The address that a server was told to listen on. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Returns the error of a failed listen with the setting at fault and the cure in its message. */
export function toListenError (error: Error & { code?: string }, { host, port }: ListenAddress): Error {
  const fact = describe(error.code, JSON.stringify(host), port)
  return fact ? new RangeError(`Cannot listen: ${fact}`, { cause: error }) : error
}

function describe (code: string | undefined, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE': return `PORT is ${port}, which is in use on ${host}, expected a free port, or 0 for any`
    case 'EACCES': return `PORT is ${port}, which needs privileges, expected 1024 or higher`
    case 'EADDRNOTAVAIL': return `HOST is ${host}, not an address of this machine, expected one, or 0.0.0.0 for all`
    case 'ENOTFOUND':
    case 'EAI_AGAIN': return `HOST is ${host}, which does not resolve, expected an address or a name of this machine`
    default: return undefined
  }
}
