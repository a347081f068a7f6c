import { globSync, readFileSync } from 'node:fs'
import t from 'tap'

const IMPORT = /^(?:import|export) (type )?.*? from '(.+)'$/gm

t.test('client: imports its own files, its parser, and of the server types of schemas only', t => {
  for (const path of globSync('src/client/*.ts')) {
    const wrong = [...readFileSync(path, 'utf8').matchAll(IMPORT)]
      .filter(([, type, from = '']) => !from.startsWith('./') && from !== 'eventsource-parser' && !(type && from.startsWith('../../schemas/')))
    t.strictSame(wrong.map(([line]) => line), [], path)
  }
  t.end()
})
