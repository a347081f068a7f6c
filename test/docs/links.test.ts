import { existsSync, statSync } from 'node:fs'
import t from 'tap'
import { DOCUMENTS, FENCED, linksOf, readDocument, ROOT, type Link } from '../support/docs.ts'

/** Returns the anchors of a document's headings, as GitHub makes them. */
function anchorsOf (file: string): string[] {
  const headings = readDocument(file).replace(FENCED, '').toLowerCase().matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, text = '']) => text.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

function isBroken ({ path, anchor }: Link): boolean {
  if (!existsSync(ROOT + path)) return true
  return anchor !== undefined && !(statSync(ROOT + path).isFile() && anchorsOf(path).includes(anchor))
}

t.test('documents: every relative link has a target, and its anchor exists', async t => {
  const broken = DOCUMENTS.flatMap((file) => linksOf(file).filter(isBroken).map((link) => ({ file, ...link })))
  t.strictSame(broken, [])
})

t.test('documents: a reader reaches every document from the README', async t => {
  const reached = new Set(['README.md'])
  for (const file of reached) {
    for (const { path } of linksOf(file)) if (DOCUMENTS.includes(path)) reached.add(path)
  }
  t.strictSame([...reached].sort(), DOCUMENTS)
})

t.test('README: has at most 150 lines', async t => {
  t.ok(readDocument('README.md').trimEnd().split('\n').length <= 150)
})
