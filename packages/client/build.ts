/** Adds everything but the compiled modules to `dist-client`, the package `@phrase-relay/client`. */

import { cpSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import packageJson from '../../package.json' with { type: 'json' }

const ROOT = new URL('../../', import.meta.url)
const TARGET = new URL('dist-client/', ROOT)
const REACT = { types: './dist/src/client/react/index.d.ts', default: './dist/src/client/react/index.js' }

const { version, license, type, repository, bugs, homepage, dependencies } = packageJson

const manifest = {
  name: '@phrase-relay/client',
  version,
  description: 'Watches tasks of Suno Voice at a Phrase Relay, in browsers, React, React Native, Node and Deno',
  license,
  type,
  repository: { ...repository, directory: 'packages/client' },
  bugs,
  homepage,
  keywords: ['suno', 'voice', 'sse', 'server-sent-events', 'react'],
  engines: { node: '>=20' },
  exports: {
    '.': { types: './dist/src/client/index.d.ts', default: './dist/src/client/index.js' },
    './react': REACT,
    './package.json': './package.json'
  },
  // Tools that do not read "exports" read these, and `react/package.json`.
  main: './dist/src/client/index.js',
  types: './dist/src/client/index.d.ts',
  sideEffects: false,
  files: ['dist', 'react', 'schemas', 'src'],
  dependencies: { 'eventsource-parser': dependencies['eventsource-parser'] },
  peerDependencies: { react: '>=18' },
  peerDependenciesMeta: { react: { optional: true } }
}

/** Writes a `package.json`. */
function writeManifest (path: string, content: object): void {
  writeFileSync(new URL(path, TARGET), `${JSON.stringify(content, null, 2)}\n`)
}

// Maps of the compiled modules lead to the sources.
const sources = globSync('dist-client/dist/**/*.js', { cwd: ROOT })
  .map((file) => file.replace('dist-client/dist/', '').replace(/js$/, 'ts'))
for (const file of sources) cpSync(new URL(file, ROOT), new URL(file, TARGET))
cpSync(new URL('LICENSE', ROOT), new URL('LICENSE', TARGET))
cpSync(new URL('packages/client/README.md', ROOT), new URL('README.md', TARGET))
mkdirSync(new URL('react', TARGET))
writeManifest('package.json', manifest)
writeManifest('react/package.json', { type, main: `.${REACT.default}`, types: `.${REACT.types}` })
