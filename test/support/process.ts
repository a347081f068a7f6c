import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const root = new URL('../../', import.meta.url)
const onDeno = 'Deno' in globalThis

/** How this runtime runs a file, with `args` after it. */
export function runtimeCommand (...args: string[]): string[] {
  return onDeno ? [process.execPath, 'run', '-A', ...args] : [process.execPath, ...args]
}

/** A running relay process. */
export interface TestProcess {
  readonly url: string
  readonly child: ChildProcess
  /** All that it has printed so far, on both outputs. */
  output (): string
  /** Resolves once it has printed this. */
  printed (text: RegExp): Promise<void>
  /** Sends a signal and resolves with how it ended: an exit code, or the signal's name. */
  kill (signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts the real process on this runtime and waits until it listens; it is killed with the test. */
export async function startProcess (t: Test, env: Record<string, string> = {}, command = runtimeCommand('src/bin.js')): Promise<TestProcess> {
  const { child, output, exited } = run(t, command, { HOST: '127.0.0.1', PORT: '0', STORE_URL: 'memory:', DRAIN_MS: '0', ...env })
  const url = await listening(child)
  if (url === undefined) throw new Error(`it ended before it listened: ${await exited}, ${output()}`)

  return {
    url,
    child,
    output,
    async printed (text) {
      while (!text.test(output())) await once(child.stdout!, 'data')
    },
    async kill (signal = 'SIGTERM') {
      // Not child.kill(): Deno then reports the signal whatever the exit code was.
      process.kill(child.pid as number, signal)
      return exited
    }
  }
}

/** Runs a command in the project's folder until it ends by itself. */
export async function runCommand (t: Test, command: string[], env: Record<string, string> = {}): Promise<{ code: number | string, output: string }> {
  const { output, exited } = run(t, command, env)
  return { code: await exited, output: output() }
}

function run (t: Test, [program, ...args]: string[], env: Record<string, string>): { child: ChildProcess, output: () => string, exited: Promise<number | string> } {
  const child = spawn(program as string, args, { cwd: root, detached: true, env: { ...process.env, ...env } })
  let text = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => { text += chunk })
  // 'close' comes when all output was read, 'exit' may come before.
  const exited = once(child, 'close').then(([code, signal]) => code ?? signal)
  t.teardown(() => { killGroup(child.pid as number) })
  return { child, output: () => text, exited }
}

/** A command such as npm has children of its own, which must not outlive the test. */
function killGroup (pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** Its address; undefined when its output ends before. */
async function listening (child: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [url] = /http:\/\/[^ "]+/.exec(line) ?? []
    if (url && line.includes('listening')) return url
  }
}
