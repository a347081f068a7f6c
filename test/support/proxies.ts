import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { temporaryFolder } from './relay.ts'

/** Returns the reason why tests with a program cannot run here, or false. In CI they have to run. */
export function lacks (program: string, versionFlag: string): string | false {
  return process.env['CI'] !== 'true' && spawnSync(program, [versionFlag]).error !== undefined && `needs ${program}`
}

/** Starts nginx with its defaults and the directives in `http`. It ends with the test. */
export async function startNginx (t: Test, http: string): Promise<void> {
  const folder = temporaryFolder(t)
  // Workers run as another user.
  chmodSync(folder, 0o755)
  const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const paths = names.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, `daemon off;
pid ${folder}/pid;
events {}
http {
access_log off;
${paths}
${http}
}
`)
  const command = ['nginx', '-e', 'stderr', '-c', file, '-g', 'error_log stderr notice;']
  await startProgram(t, command, 'start worker processes')
}

/** Starts Caddy with a Caddyfile. It ends with the test. */
export async function startCaddy (t: Test, caddyfile: string): Promise<void> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'Caddyfile')
  writeFileSync(file, `{\nadmin off\nstorage file_system ${folder}\n}\n${caddyfile}\n`)
  await startProgram(t, ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], 'serving initial configuration')
}

/** Starts a program and waits for the line of its log that contains `ready`. It ends with the test. */
export async function startProgram (t: Test, command: string[], ready: string): Promise<void> {
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line)
    if (line.includes(ready)) {
      child.stderr.resume()
      return
    }
  }
  throw new Error(`Cannot test: ${program} ended before it was ready: ${lines.join('\n')}`)
}
