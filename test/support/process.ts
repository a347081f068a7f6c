import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const root = new URL('../../', import.meta.url)
const onDeno = 'Deno' in globalThis

/** Returns the command that runs a file on this runtime; the file is the first of `args`. */
export function runtimeCommand (...args: string[]): string[] {
  return onDeno ? [process.execPath, 'run', '-A', ...args] : [process.execPath, ...args]
}

/** A running relay process. */
export interface TestProcess {
  readonly url: string
  readonly child: ChildProcess
  /** Returns its output so far, standard error included. */
  output (): string
  /** Resolves when its output matches. */
  printed (text: RegExp): Promise<void>
  /** Sends a signal. Resolves with the exit code, or with the signal that ended it. */
  kill (signal?: NodeJS.Signals): Promise<number | string>
}

type Env = Readonly<Record<string, string>>

const DEFAULTS: Env = { HOST: '127.0.0.1', PORT: '0', STORE_URL: 'memory:', DRAIN_MS: '0' }

/** Starts the real process on this runtime and waits until it listens. It is killed with the test. */
export async function startProcess (
  t: Test, env: Env = {}, command = runtimeCommand('src/bin.js')
): Promise<TestProcess> {
  const { child, output, exited } = run(t, command, { ...DEFAULTS, ...env })
  const url = await listening(child)
  if (url === undefined) throw new Error(`Cannot test: the process ended with ${await exited}: ${output()}`)

  return {
    url,
    child,
    output,
    async printed (text) {
      while (!text.test(output())) await once(child.stdout!, 'data')
    },
    async kill (signal = 'SIGTERM') {
      // After child.kill(), Deno reports the signal instead of the exit code.
      process.kill(child.pid as number, signal)
      return exited
    }
  }
}

/** Runs a command in the project's folder until it ends. */
export async function runCommand (
  t: Test, command: string[], env: Env = {}
): Promise<{ code: number | string, output: string }> {
  const { output, exited } = run(t, command, env)
  return { code: await exited, output: output() }
}

interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<number | string>
  output (): string
}

function run (t: Test, [program, ...args]: string[], env: Env): Running {
  const child = spawn(program as string, args, { cwd: root, detached: true, env: { ...process.env, ...env } })
  let text = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => { text += chunk })
  // 'exit' may precede the last output, 'close' never does.
  const exited = once(child, 'close').then(([code, signal]) => code ?? signal)
  t.teardown(() => { killGroup(child.pid as number) })
  return { child, output: () => text, exited }
}

/** Kills a command and its children: npm has some, and they must not outlive the test. */
export function killGroup (pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended.
  }
}

/** Returns the address of a process, or undefined if its output ends first. */
async function listening (child: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [url] = /http:\/\/[^ "]+/.exec(line) ?? []
    if (url && line.includes('listening')) return url
  }
}
