import { Linter } from 'eslint'
import t from 'tap'
import config from '../lint/language.config.js'

/** Returns what the language rules report for a file, one line a fault. */
function lint (text: string, file: string): string[] {
  const faults = new Linter().verify(text, config as Linter.Config[], file)
  return faults.map(({ line, ruleId, message }) => `${line} ${ruleId} ${message}`)
}

const PLANTED: Array<[name: string, file: string, text: string, fault: RegExp]> = [
  ['a comment that starts with What', 'a.ts', '// What is held.\n', /^1 language\/comments .*What/],
  ['a second sentence that starts with Who', 'a.ts', '// Holds it. Who asks is told.\n', /^1 .*Who/],
  ['a docstring with whoever', 'a.ts', '/** Holds it for whoever comes late. */\n', /^1 .*whoever/],
  ['a later paragraph', 'a.js', '/**\n * Holds it.\n *\n * Those who left.\n */\n', /^1 .*Those/],
  ['the description of a tag', 'a.ts', '/**\n * Reads.\n *\n * @returns what was kept\n */\n', /^1 .*what/],
  ['the description of a parameter', 'a.ts', '/** @param x - what was kept */\n', /^1 .*what/],
  ['a sentence over two line comments', 'a.ts', 'go()\n// Holds it.\n// One that waits.\n', /^2 .*One that/],
  ['a comment after code', 'a.ts', 'go() // Begins anew\n', /^1 .*anew/],
  ['the text of an error', 'a.ts', "throw new RangeError('Who asks is not known')\n", /^1 language\/strings .*Who/],
  ['a template', 'a.ts', 'throw new RelayError(code, `Cannot go: the store ails`)\n', /^1 language\/strings .*ails/],
  ['a text with beside', 'a.ts', "t.test('a second one is kept beside it', run)\n", /^1 language\/strings .*beside/],
  ['a line of 121 columns', 'a.ts', `go('${'x'.repeat(115)}')\n`, /^1 @stylistic\/max-len/],
  ['a paragraph of Markdown', 'a.md', '# Title\n\n**What is promised:** much.\n', /^3 language\/prose .*What/],
  ['a heading', 'a.md', '## Who may watch\n', /^1 language\/prose .*Who/],
  ['a list item', 'a.md', '- Those may watch.\n', /^1 language\/prose .*Those/],
  ['a cell of a table', 'a.md', '| a | b |\n| --- | --- |\n| c | whoever asks |\n', /^3 language\/prose .*whoever/],
  ['a long line of Markdown', 'a.md', `${'word '.repeat(24)}x\n`, /^1 language\/columns .*121/]
]

for (const [name, file, text, fault] of PLANTED) {
  t.test(`language: ${name} is reported once`, async t => {
    t.match(lint(text, file), [fault])
    t.equal(lint(text, file).length, 1)
  })
}

const ALLOWED: Array<[name: string, file: string, text: string]> = [
  ['a plain docstring', 'a.ts', '/**\n * Returns what is kept. Whose: x.\n *\n * @returns the event\n */\n'],
  ['a word in code', 'a.ts', '// Reads `beside`.\n'],
  ['an identifier and a key', 'a.ts', "const beside = { 'What now': 1 }\n"],
  ['a line of 120 columns', 'a.ts', `go('${'x'.repeat(114)}')\n`],
  ['a long row of a table', 'a.md', `| a |\n| --- |\n| ${'word '.repeat(30)} |\n`],
  ['a long URL', 'a.md', `See [the text](https://example.org/${'x'.repeat(120)}).\n`],
  ['code in Markdown', 'a.md', '```sh\n# What for\n```\n\n`beside` is not used.\n']
]

for (const [name, file, text] of ALLOWED) {
  t.test(`language: ${name} is not reported`, async t => {
    t.strictSame(lint(text, file), [])
  })
}
