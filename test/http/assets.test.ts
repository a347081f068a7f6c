import { readFileSync } from 'node:fs'
import t from 'tap'
import { readAsset } from '../../src/http/assets.ts'
import { startServer } from '../support/server.ts'

t.test('readAsset: reads a file', async t => {
  t.equal(await readAsset(new URL(import.meta.url)), readFileSync(new URL(import.meta.url), 'utf8'))
})

t.test('readAsset: reads from the web, as a module of JSR has to', async t => {
  const { url } = await startServer(t, (_request, response) => response.end('a page'))
  t.equal(await readAsset(new URL(url)), 'a page')
})
