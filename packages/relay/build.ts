/** Adds the pages, the command and the bundle that it runs to `dist`, the compiled modules of the package. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

// Next to the folder `web`, as the modules that read it.
const BUNDLE = 'dist/src/bundle'

/** Returns the licenses of the packages that have some of the files. */
function licensesOf (files: readonly string[]): string {
  const folders = new Set(files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]))
  return [...folders].filter((folder) => folder !== undefined).sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    const files = readdirSync(folder)
    const licenses = files.filter((file) => /^(?:license|notice)/i.test(file))
    // Some name it in their readme only.
    const texts = (licenses.length > 0 ? licenses : files.filter((file) => /^readme/i.test(file)))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
    if (texts.length === 0) throw new Error(`Cannot bundle ${name}: it has no text of its license`)
    return `${name} ${version}, ${license}\n\n${texts.join('\n')}`
  }).join(`\n${'-'.repeat(80)}\n`)
}

const { metafile } = await build({
  entryPoints: ['src/main.ts', 'src/store/sqlite/writer-worker.ts'],
  outdir: BUNDLE,
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  // Packages in CommonJS require modules of Node.
  banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  // The first is optional: an installation may omit it. The others are never loaded.
  external: ['pino-pretty', '@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'],
  metafile: true
})
writeFileSync(`${BUNDLE}/LICENSES.txt`, licensesOf(Object.keys(metafile.inputs)))
cpSync('src/web', 'dist/src/web', { recursive: true })
writeFileSync('dist/src/bin.js', readFileSync('src/bin.js', 'utf8').replace('./main.ts', './bundle/main.js'))
