import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { ROOT } from './docs.ts'
import { freePort } from './port.ts'
import { killGroup } from './process.ts'
import { temporaryFolder } from './relay.ts'

const run = promisify(execFile)
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
const SETTINGS = ['FORCE_COLOR=0', 'NEXT_TELEMETRY_DISABLED=1']

/** Result of a program that has ended. */
export interface Ended {
  readonly code: number
  /** Standard output and standard error. */
  readonly output: string
}

/** A folder in which packages are installed. */
export interface InstalledFolder {
  readonly folder: string
  /** Runs Node in the folder until it ends. The options are for the processes that it starts, too. */
  node (args: string[], options?: string): Promise<Ended>
  /** Starts a server, with `--port` as the last argument, and resolves with its URL. It ends with the test. */
  serve (t: Test, ...args: string[]): Promise<string>
}

/** Builds the package `@phrase-relay/client`, and returns the path of its tarball. */
export async function packClient (t: Test): Promise<string> {
  const folder = temporaryFolder(t)
  await run('npm', ['run', '--silent', 'build:client'], { cwd: ROOT })
  const pack = ['pack', './dist-client', '--silent', '--pack-destination', folder]
  const { stdout } = await run('npm', pack, { cwd: ROOT })
  return join(folder, stdout.trim())
}

/** Copies a folder of apps, with the URL of a running relay. */
export function copyApps (t: Test, from: string, relay: string): string {
  const folder = temporaryFolder(t)
  cpSync(from, folder, { recursive: true })
  for (const file of globSync('**/*.{js,mjs,jsx}', { cwd: folder })) {
    const path = join(folder, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace('http://127.0.0.1:3000', relay))
  }
  return folder
}

/** Installs a tarball in a folder, with the packages that its `package.json` names. */
export async function install (tarball: string, folder: string): Promise<InstalledFolder> {
  await run('npm', [...INSTALL, tarball], { cwd: folder })

  return {
    folder,
    node: (args, options) => run('env', nodeCommand(args, options), { cwd: folder }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, output: stdout + stderr })
    ),
    async serve (t, ...args) {
      const port = await freePort()
      const child = spawn('env', nodeCommand([...args, String(port)]), { cwd: folder, detached: true })
      t.teardown(() => { killGroup(child.pid as number) })
      const url = `http://127.0.0.1:${port}`
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
      while (!output.includes(url)) {
        if (child.exitCode !== null) throw new Error(`Cannot start ${args.join(' ')}: ${output}`)
        await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
      }
      return url
    }
  }
}

/** Returns the arguments of `env` for a Node without the hooks of the test runner, which some tools cannot bear. */
function nodeCommand (args: string[], options = ''): string[] {
  return [`NODE_OPTIONS=${options}`, ...SETTINGS, process.execPath, ...args]
}
