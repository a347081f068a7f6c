import { createHash } from 'node:crypto'
import type { Client } from './client.ts'

/** Lua script, which Redis runs as one step. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Argument of a script. */
export type Argument = string | number

/** Call of a script. Its one key is the start of all keys. The script derives the others: all are in one slot. */
export interface Call {
  readonly script: Script
  readonly args: readonly Argument[]
}

/** Creates a script of its parts. */
export function createScript (...parts: readonly string[]): Script {
  const source = parts.join('\n')
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Loads scripts. Redis keeps them neither over a restart nor over a failover. */
export async function loadScripts (client: Client, scripts: readonly Script[]): Promise<void> {
  await Promise.all(scripts.map(({ source }) => client.script('LOAD', source)))
}

/** Runs a script; loads it first if Redis has lost it. */
export async function runScript (client: Client, base: string, { script, args }: Call): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, 1, base, ...args)
  } catch (error) {
    if (!isMissing(error)) throw error
    // Redis has done nothing.
    return client.eval(script.source, 1, base, ...args)
  }
}

/** Whether a call failed because Redis has lost the script. */
export function isMissing (error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
