import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { release } from '../../docs/release.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { readDocument, ROOT } from '../support/docs.ts'
import { temporaryFolder } from '../support/relay.ts'

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

t.test('npm version releases: it changes the changelog, commits, tags and pushes', async t => {
  const folder = temporaryFolder(t)
  const [work, remote] = [join(folder, 'work'), join(folder, 'remote.git')]
  mkdirSync(join(work, 'docs'), { recursive: true })
  const { version, postversion } = packageJson.scripts
  const scripts = { version, postversion, docs: 'node --version' }
  const project = { name: 'a', version: '1.0.0', type: 'module', scripts }
  writeFileSync(join(work, 'package.json'), JSON.stringify(project))
  writeFileSync(join(work, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n- One.\n')
  writeFileSync(join(work, 'deno.json'), '{}')
  mkdirSync(join(work, 'src'))
  writeFileSync(join(work, 'src/version.ts'), '')
  cpSync(join(ROOT, 'docs/release.ts'), join(work, 'docs/release.ts'))
  const person = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@a.example' }
  const env = { ...process.env, ...person, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@a.example' }
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: work, env, encoding: 'utf8' })
  run('git', 'init', '--quiet', '--bare', remote)
  run('git', 'init', '--quiet', '--initial-branch=main')
  run('git', 'add', '.')
  run('git', 'commit', '--quiet', '--message=Start')
  run('git', 'remote', 'add', 'origin', remote)
  run('git', 'push', '--quiet', '--set-upstream', 'origin', 'main')

  run('npm', 'version', 'minor')

  const show = (object: string): string => run('git', '--git-dir', remote, 'show', object)
  t.match(show('v1.1.0:CHANGELOG.md'), /^# Changelog\n\n## Unreleased\n\n## 1\.1\.0 - [\d-]{10}\n\n- One\.\n$/)
  t.equal(JSON.parse(show('main:package.json')).version, '1.1.0')
})
