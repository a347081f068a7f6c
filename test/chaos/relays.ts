import { startProcess, type TestProcess } from '../support/process.ts'
import { freePort } from '../support/port.ts'
import type { Lifetime } from '../support/redis.ts'

/** Relays as processes of their own, each with an address that it keeps. */
export interface Relays {
  readonly urls: readonly string[]
  /** Kills a relay and starts it again. */
  restart (n: number): Promise<void>
  /** Kills all relays. */
  stop (): Promise<void>
  /** Returns the output of all relays. */
  output (): string
}

/** Options of the relays. */
export interface RelayOptions {
  /** Settings, besides the address. */
  readonly env: Readonly<Record<string, string>>
  /** Whether event ids name no fork, as a store with a constant epoch has them. */
  readonly constantFork?: boolean
}

/** Starts two relays. They end with `t`. */
export async function startRelays (t: Lifetime, { env, constantFork = false }: RelayOptions): Promise<Relays> {
  const ports = [await freePort(), await freePort()]
  const hook = constantFork ? ['--import', './test/chaos/constant-fork.ts'] : []
  const command = [process.execPath, ...hook, 'src/bin.js']
  const former: string[] = []

  const start = (port: number): Promise<TestProcess> => {
    return startProcess(t as Parameters<typeof startProcess>[0], { ...env, PORT: String(port) }, command)
  }
  const relays = await Promise.all(ports.map(start))

  return {
    urls: relays.map(({ url }) => url),
    async restart (n) {
      const relay = relays[n] as TestProcess
      await relay.kill('SIGKILL')
      former.push(relay.output())
      relays[n] = await start(ports[n] as number)
    },
    async stop () {
      await Promise.all(relays.map((relay) => relay.kill('SIGKILL')))
    },
    output: () => [...former, ...relays.map((relay) => relay.output())].join('')
  }
}
