import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { temporaryFolder } from './relay.ts'

/** Why tests with a program cannot run here, or false. In CI it has to be there: then nothing is skipped. */
export function lacks (program: string, versionFlag: string): string | false {
  return process.env['CI'] !== 'true' && spawnSync(program, [versionFlag]).error !== undefined && `needs ${program}`
}

/** Starts nginx with everything at its default but what `http` says; it ends with the test. */
export async function startNginx (t: Test, http: string): Promise<void> {
  const folder = temporaryFolder(t)
  // Its workers are another user's.
  chmodSync(folder, 0o755)
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')
  writeFileSync(join(folder, 'nginx.conf'), `daemon off;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${places}\n${http}\n}\n`)
  await start(t, 'nginx', ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', 'error_log stderr notice;'], 'start worker processes')
}

/** Starts Caddy with a Caddyfile; it ends with the test. */
export async function startCaddy (t: Test, caddyfile: string): Promise<void> {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'Caddyfile'), `{\nadmin off\nstorage file_system ${folder}\n}\n${caddyfile}\n`)
  await start(t, 'caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], 'serving initial configuration')
}

async function start (t: Test, program: string, args: string[], ready: string): Promise<void> {
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
  throw new Error(`${program} ended before it was ready: ${lines.join('\n')}`)
}
