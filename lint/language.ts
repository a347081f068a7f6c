/**
 * ESLint plugin for the project's prose: comments, error messages and documents in plain technical English.
 *
 * CONTRIBUTING.md states the rules. This plugin holds the part of them that a machine can check.
 */

import type { AST, ESLint, Rule, SourceCode } from 'eslint'
import type { MarkdownRuleDefinition } from '@eslint/markdown'

type Fault = { messageId: 'start' | 'word', data: { found: string } }
type Comment = { type: string, value: string, loc: AST.SourceLocation }

const RIDDLE = /^(?:What|Who|Whoever|Those|One that)\b/
const RIDDLE_OF_A_TAG = new RegExp(RIDDLE, 'i')
const WORD = /\b(?:anew|beside|ails|whoever)\b/i
const SENTENCE_END = /(?<=[.!?:;])[)"'*_]*\s+/
const MAX_COLUMNS = 120

const messages = {
  start: 'Sentence starts with {{found}}, expected a noun or a verb first',
  word: 'Text uses {{found}}, expected a word of plain technical English',
  columns: `Line has {{found}} columns, expected ${MAX_COLUMNS} at most`
}

/** Returns the faults of one paragraph. Code in backticks is not prose. */
function faultsOf (paragraph: string): Fault[] {
  const text = paragraph.replace(/`[^`]*`/g, '`').trim()
  const [, tag, rest = text] = /^(@\w+(?:\s+\{.*?\})?(?:\s+\S+\s+-)?)\s+(.*)$/s.exec(text) ?? []
  const faults = rest.split(SENTENCE_END).flatMap((sentence, index): Fault[] => {
    const start = tag && index === 0 ? RIDDLE_OF_A_TAG : RIDDLE
    const [found] = start.exec(sentence.replace(/^[*_("'\s]+/, '')) ?? []
    return found ? [{ messageId: 'start', data: { found } }] : []
  })
  const [word] = WORD.exec(rest) ?? []
  return word ? [...faults, { messageId: 'word', data: { found: word } }] : faults
}

/** Splits the text of a comment into paragraphs; every list item and every JSDoc tag is one. */
function paragraphsOf (comment: string): string[] {
  const text = comment.split('\n').map((line) => line.replace(/^\s*\*?\s?/, '')).join('\n')
  return text.split(/\n\s*\n|\n(?=\s*(?:@\w|[-*] ))/).map((paragraph) => paragraph.replace(/^\s*[-*]\s/, ''))
}

/** Returns all comments; consecutive lines of line comments count as one. */
function commentsOf (sourceCode: SourceCode): Comment[] {
  const joined: Comment[] = []
  for (const { type, value, loc } of sourceCode.getAllComments() as Comment[]) {
    const last = joined.at(-1)
    const isAlone = sourceCode.lines[loc.start.line - 1]?.trimStart().startsWith('//')
    if (isAlone && last?.type === 'Line' && last.loc.end.line === loc.start.line - 1) {
      last.value += `\n${value}`
      last.loc = { start: last.loc.start, end: loc.end }
    } else joined.push({ type, value, loc })
  }
  return joined
}

const comments: Rule.RuleModule = {
  meta: { type: 'suggestion', schema: [], messages },
  create: (context) => ({
    Program () {
      for (const { value, loc } of commentsOf(context.sourceCode)) {
        for (const fault of paragraphsOf(value).flatMap(faultsOf)) context.report({ loc, ...fault })
      }
    }
  })
}

const ERROR_TEXT = 'NewExpression[callee.name=/Error$/] > :matches(Literal, TemplateLiteral).arguments'

/** Checks how the texts of errors start, and all texts with a space in them for single words. */
const strings: Rule.RuleModule = {
  meta: { type: 'suggestion', schema: [], messages },
  create (context) {
    function check (node: Rule.Node, text: unknown, messageId: Fault['messageId']): void {
      if (typeof text !== 'string' || !/\s/.test(text)) return
      for (const fault of faultsOf(text)) if (fault.messageId === messageId) context.report({ node, ...fault })
    }
    return {
      [ERROR_TEXT] (node: Rule.Node) { check(node, context.sourceCode.getText(node).slice(1, -1), 'start') },
      Literal (node) { check(node, node.value, 'word') },
      TemplateElement (node) { check(node, node.value.cooked, 'word') }
    }
  }
}

/** Checks paragraphs, headings and table cells of Markdown. */
const prose: MarkdownRuleDefinition = {
  meta: { type: 'suggestion', schema: [], messages },
  create ({ sourceCode, report }) {
    function check (node: NonNullable<Parameters<typeof sourceCode.getText>[0]>): void {
      const text = sourceCode.getText(node).replace(/^(?:#+|\|)\s*/, '')
      for (const fault of faultsOf(text)) report({ node, ...fault })
    }
    return { paragraph: check, heading: check, tableCell: check }
  }
}

/** Limits the lines of Markdown, except rows of tables and lines that are long because of a URL. */
const columns: MarkdownRuleDefinition = {
  meta: { type: 'layout', schema: [], messages },
  create: (context) => ({
    root () {
      context.sourceCode.lines.forEach((text, index) => {
        if (text.length <= MAX_COLUMNS || text.startsWith('|') || /https?:\S{60}/.test(text)) return
        const [start, end] = [MAX_COLUMNS + 1, text.length + 1].map((column) => ({ line: index + 1, column }))
        const loc = { start, end } as AST.SourceLocation
        context.report({ loc, messageId: 'columns', data: { found: String(text.length) } })
      })
    }
  })
}

export default { meta: { name: 'language' }, rules: { comments, strings, prose, columns } } as ESLint.Plugin
