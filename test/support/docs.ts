import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** All Markdown documents, relative to the project's root. */
export const DOCUMENTS = globSync(['*.md', '{docs,examples}/**/*.md'], { cwd: ROOT }).sort()

export function readDocument (file: string): string {
  return readFileSync(`${ROOT}${file}`, 'utf8')
}

/** A fenced block of code in a document. */
export interface CodeBlock {
  readonly file: string
  readonly language: string
  readonly code: string
  readonly firstLine: string
}

/** Returns the blocks of code of a document; a block inside a list loses its indentation. */
export function codeBlocks (file: string): CodeBlock[] {
  const blocks = readDocument(file).matchAll(/^(?<indent> *)```(?<language>\w+)\n(?<text>.*?)^ *```$/gms)
  return [...blocks].map(({ groups: { indent, language, text } = {} }) => {
    const code = (text as string).replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    return { file, language: language as string, code, firstLine: code.split('\n', 1)[0] as string }
  })
}

/** Returns the code of the only block of a document in a language; throws if there is none or another one. */
export function codeBlock (file: string, language: string): string {
  const [block, ...others] = codeBlocks(file).filter((one) => one.language === language)
  if (!block || others.length > 0) throw new Error(`Cannot read ${file}: it has not exactly one block of ${language}`)
  return block.code
}

/** Returns the rows of the table after `<!-- mark -->`, as trimmed cells. */
export function tableRows (file: string, mark: string): string[][] {
  const [, table = ''] = new RegExp(`<!-- ${mark} -->\n(.*?)<!-- /`, 's').exec(readDocument(file)) ?? []
  return table.trim().split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()))
}

/** A relative link. */
export interface Link {
  readonly path: string
  readonly anchor: string | undefined
}

/** Fenced blocks of code. */
export const FENCED = /^ *```.*?^ *```/gms
const withoutCode = (text: string): string => text.replace(FENCED, '').replace(/`[^`\n]*`/g, '')

/** Returns the relative links of a document, as paths from the project's root. */
export function linksOf (file: string): Link[] {
  const targets = withoutCode(readDocument(file)).matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)
  return [...targets].map(([, path, anchor]) => {
    return { path: path ? posix.join(posix.dirname(file), path) : file, anchor }
  })
}
