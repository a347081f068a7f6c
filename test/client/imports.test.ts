import { globSync, readFileSync } from 'node:fs'
import t from 'tap'

const IMPORT = /^(?:import|export) (type )?.*? from '(.+)'$/gm

/** Returns the imports of files, except those that are allowed and types of schemas. */
function otherImports (files: string, allowed: RegExp): string[] {
  return globSync(files).flatMap((path) => [...readFileSync(path, 'utf8').matchAll(IMPORT)]
    .filter(([, type, from = '']) => !allowed.test(from) && !(type && /^[./]+schemas\//.test(from)))
    .map(([line]) => line))
}

t.test('client: imports only its own files, its parser, and types of schemas', async t => {
  t.strictSame(otherImports('src/client/*.ts', /^(\.\/\w[\w-]*\.ts|eventsource-parser)$/), [])
})

t.test('client: only the hook imports React', async t => {
  t.strictSame(otherImports('src/client/react/*.ts', /^(\.\.?\/[\w-]+\.ts|react)$/), [])
})
