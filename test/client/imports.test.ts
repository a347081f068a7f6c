import { globSync, readFileSync } from 'node:fs'
import t from 'tap'

const ALLOWED = /^(\.\/|eventsource-parser$)/
const IMPORT = /^(?:import|export) (type )?.*? from '(.+)'$/gm

t.test('client: imports only its own files, its parser, and types of schemas', t => {
  for (const path of globSync('src/client/*.ts')) {
    const wrong = [...readFileSync(path, 'utf8').matchAll(IMPORT)]
      .filter(([, type, from = '']) => !ALLOWED.test(from) && !(type && from.startsWith('../../schemas/')))
    t.strictSame(wrong.map(([line]) => line), [], path)
  }
  t.end()
})
