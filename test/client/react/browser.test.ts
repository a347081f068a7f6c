import { join } from 'node:path'
import t from 'tap'
import { noChromium } from '../../support/chromium.ts'
import { ROOT } from '../../support/docs.ts'
import { testReactApp } from '../../support/react-app.ts'

t.test('usePhrase with React 18: shows each phrase, in a browser and from a server', { skip: noChromium }, async t => {
  await testReactApp(t, join(ROOT, 'node_modules'), 18)
})
