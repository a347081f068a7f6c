/**
 * Fills the generated parts of the documents: the table of settings, and the code of the examples.
 *
 * `npm run docs` writes them, together with the version in `deno.json` and `src/version.ts`, the permissions in
 * `deno.json`, and the members of `Config`.
 * A test fails if a part is out of date.
 */

import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TSchema } from '@sinclair/typebox'
import packageJson from '../package.json' with { type: 'json' }
import { ConfigSchema } from '../schemas/config.ts'
import { describeConfig } from '../src/config.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GENERATED = /(?<=<!-- generated: (?<name>\S+)(?: (?<file>\S+))? -->\n)(?:.*?)(?=<!-- \/generated -->)/gs

/** Files with generated parts, relative to the project's root. */
export const GENERATED_FILES = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]
  .filter((file) => readFileSync(`${ROOT}${file}`, 'utf8').includes('<!-- generated'))
  .concat('deno.json', 'schemas/settings.ts', 'src/version.ts')

/** Returns the text of a file with its generated parts filled in. */
export function generate (text: string): string {
  return text
    .replace(GENERATED, (_, name: string, file: string) => name === 'config' ? configTable() : codeOf(file))
    .replace(/(?<=^ {2}"version": ").*(?=")/m, packageJson.version)
    .replace(/(?<=^export const VERSION = ').*(?=')/m, packageJson.version)
    .replace(/(?<=--allow-env=)[A-Z_,]+/, Object.keys(ConfigSchema.properties).join())
    .replace(/(?<=\/\/ generated: settings\n).*?(?= +\/\/ \/generated)/s, configMembers)
}

function configTable (): string {
  const settings = describeConfig().matchAll(/^ {2}(\w+)=(.*)\n {6}(.*) \((.*)\)$/gm)
  const rows = [...settings].map(([, name, ...cells]) => [`\`${name}\``, ...cells])
  const table = [['variable', 'default', 'meaning', 'values'], Array(4).fill('---'), ...rows]
  return table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Returns the members of the interface `Config`: the descriptions of a schema are not in its type. */
function configMembers (): string {
  const members = Object.entries<TSchema>(ConfigSchema.properties).map(([name, schema]) => {
    const text = `${String(schema.description)}.`.replace(/^./, (first) => first.toUpperCase())
    const value = JSON.stringify(schema.default).replaceAll('"', "'")
    const lines = [...text.match(/\S.{0,113}(?= |$)/g) ?? [], '', `@default ${value}`]
    const comment = ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].map((line) => `  ${line}\n`).join('')
    return `${comment}  readonly ${name}: ${typeOf(schema)}\n`
  })
  return members.join('')
}

function typeOf ({ type, anyOf, items }: TSchema): string {
  if (anyOf) return anyOf.map((choice: TSchema) => `'${String(choice.const)}'`).join(' | ')
  return type === 'array' ? `${typeOf(items)}[]` : String(type).replace('integer', 'number')
}

function codeOf (file: string): string {
  return `\`\`\`${file.slice(file.lastIndexOf('.') + 1)}\n${readFileSync(`${ROOT}${file}`, 'utf8')}\`\`\`\n`
}

if (import.meta.main) {
  for (const file of GENERATED_FILES) writeFileSync(`${ROOT}${file}`, generate(readFileSync(`${ROOT}${file}`, 'utf8')))
}
