import t from 'tap'
import { release } from '../../docs/release.ts'
import { readDocument } from '../support/docs.ts'

const DATE = new Date('2026-01-02T03:04:05Z')

t.test('release() moves the unreleased changes under the version', async t => {
  const before = '# Changelog\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 1.0.0 - 2025-01-01\n\n- Two.\n'
  const after = before.replace('## Unreleased\n', '## Unreleased\n\n## 1.1.0 - 2026-01-02\n')
  t.equal(release(before, '1.1.0', DATE), after)
})

for (const changelog of ['# Changelog\n', '## Unreleased\n', '## Unreleased\n\n## 1.0.0 - 2025-01-01\n\n- Two.\n']) {
  t.test(`release() refuses ${JSON.stringify(changelog)}`, async t => {
    const message = 'Cannot release: the changelog has no unreleased changes'
    t.throws(() => release(changelog, '1.1.0', DATE), { message })
  })
}

t.test('the changelog can be released', async t => {
  const changelog = release(readDocument('CHANGELOG.md'), '1.0.0', DATE)
  t.match(changelog, '\n## Unreleased\n\n## 1.0.0 - 2026-01-02\n\n### Added\n')
})
