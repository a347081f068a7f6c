import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Job, Measured } from './load.ts'
import { pinned, projectFile, type Server } from './servers.ts'

const run = promisify(execFile)

/** Load without the server that gets it. */
export type Suite = Pick<Job, 'suite' | 'streams' | 'messages' | 'warmup' | 'posters'>

/** Loads a server from a process of its own, on another processor. */
export async function load ({ port, pid, publish }: Server, suite: Suite): Promise<Measured> {
  const job: Job = { ...suite, port, pid, publish }
  const command = [process.execPath, projectFile('bench/load.ts'), JSON.stringify(job)]
  const [program, ...args] = pinned(1, command) as [string, ...string[]]
  const { stdout } = await run(program, args)
  return JSON.parse(stdout) as Measured
}
