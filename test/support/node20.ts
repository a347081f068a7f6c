import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Path of a Node 20 on the PATH; empty if there is none. */
export const node20 = await findNode20()

/** The reason why tests with Node 20 cannot run here, or false. In CI they have to run. */
export const noNode20 = node20 === '' && process.env['CI'] !== 'true' && 'there is no Node 20 on the PATH'

async function findNode20 (): Promise<string> {
  const programs = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  for (const program of new Set(programs.filter((path) => existsSync(path)))) {
    const { stdout } = await run(program, ['--version'])
    if (stdout.startsWith('v20.')) return program
  }
  return ''
}
