/**
 * Fills the generated parts of the documents: the table of settings, and the code of the examples.
 *
 * `npm run docs` writes them, together with the permissions in `deno.json`. A test fails if a part is out of date.
 */

import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigSchema } from '../schemas/config.ts'
import { describeConfig } from '../src/config.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GENERATED = /(?<=<!-- generated: (?<name>\S+)(?: (?<file>\S+))? -->\n)(?:.*?)(?=<!-- \/generated -->)/gs

/** Files with generated parts, relative to the project's root. */
export const GENERATED_FILES = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]
  .filter((file) => readFileSync(`${ROOT}${file}`, 'utf8').includes('<!-- generated'))
  .concat('deno.json')

/** Returns the text of a document or of `deno.json` with its generated parts filled in. */
export function generate (text: string): string {
  return text
    .replace(GENERATED, (_, name: string, file: string) => name === 'config' ? configTable() : codeOf(file))
    .replace(/(?<=--allow-env=)[A-Z_,]+/, Object.keys(ConfigSchema.properties).join())
}

function configTable (): string {
  const settings = describeConfig().matchAll(/^ {2}(\w+)=(.*)\n {6}(.*) \((.*)\)$/gm)
  const rows = [...settings].map(([, name, ...cells]) => [`\`${name}\``, ...cells])
  const table = [['variable', 'default', 'meaning', 'values'], Array(4).fill('---'), ...rows]
  return table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function codeOf (file: string): string {
  return `\`\`\`${file.slice(file.lastIndexOf('.') + 1)}\n${readFileSync(`${ROOT}${file}`, 'utf8')}\`\`\`\n`
}

if (import.meta.main) {
  for (const file of GENERATED_FILES) writeFileSync(`${ROOT}${file}`, generate(readFileSync(`${ROOT}${file}`, 'utf8')))
}
