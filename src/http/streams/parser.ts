import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

const MAX_LATE_BYTES = 65_536

interface Parser {
  readonly incoming: IncomingMessage | null
}

/** Undocumented part of `node:http`. */
interface HttpCommon {
  freeParser? (parser: Parser, request: IncomingMessage, socket: Socket): void
}

const { freeParser } = (process.getBuiltinModule('_http_common') ?? {}) as HttpCommon

/**
 * Frees the HTTP parser of a connection that serves a stream, as `node:http` does after an upgrade: nothing that the
 * client sends from now on is a request. Its bytes are dropped, and more than 64 KiB of them close the connection.
 *
 * Does nothing on a runtime without this part of `node:http`, or if the client has sent another request.
 */
export function releaseParser (request: IncomingMessage): void {
  const socket = request.socket as Socket & { readonly parser?: Parser | null }
  const { parser } = socket
  if (!freeParser || !parser || parser.incoming !== request) return
  // These two would give the parser what it gets on another connection.
  socket.removeAllListeners('data').removeAllListeners('end')
  freeParser(parser, request, socket)
  const limit = socket.bytesRead + MAX_LATE_BYTES
  socket.on('data', () => { if (socket.bytesRead > limit) socket.destroy() })
  socket.on('end', socket.destroySoon)
}
