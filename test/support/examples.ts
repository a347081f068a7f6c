import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { ROOT } from './docs.ts'

const SOURCES: Readonly<Record<string, string>> = {
  'phrase-relay': 'src/index.ts',
  'phrase-relay/backend': 'src/backend/index.ts',
  'phrase-relay/client': 'src/client/index.ts',
  'phrase-relay/conformance': 'src/conformance/index.ts',
  '@phrase-relay/client/react': 'src/client/react/index.ts'
}

/**
 * Copies the examples, with imports of the package replaced by imports of its source, and returns the folder.
 *
 * The folder is in the project, so that other packages are found. It is deleted with the test.
 */
export function copyExamples (t: Pick<Test, 'teardown'>): string {
  mkdirSync(join(ROOT, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.tap/examples-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  cpSync(join(ROOT, 'examples'), folder, { recursive: true })
  for (const file of globSync('**/*.{ts,js}', { cwd: folder })) {
    const path = join(folder, file)
    const code = readFileSync(path, 'utf8')
    writeFileSync(path, code.replaceAll(/'(@?phrase-relay[^']*)'/g, (_, name: string) => `'${sourceOf(name)}'`))
  }
  return folder
}

/** Imports an example. */
export async function importExample<T> (t: Pick<Test, 'teardown'>, file: string): Promise<T> {
  return await import(pathToFileURL(join(copyExamples(t), file)).href) as T
}

function sourceOf (name: string): string {
  const file = SOURCES[name]
  if (!file) throw new Error(`Cannot run the example: the package has no ${name}`)
  return pathToFileURL(join(ROOT, file)).href
}
