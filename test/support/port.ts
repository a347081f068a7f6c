import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 20_000
const COUNT = 12_000

/**
 * A port on 127.0.0.1 that nothing listens on, for what cannot pick one by itself or has to come back on the same.
 *
 * It is below the ports that systems give out, so that no other test gets it meanwhile.
 */
export async function freePort (): Promise<number> {
  const port = LOWEST + Math.floor(Math.random() * COUNT)
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return freePort()
  }
  await once(server.close(), 'close')
  return port
}
