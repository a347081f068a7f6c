/** Gives the section "Unreleased" of the changelog the version of `package.json`; `npm version` runs it. */

import { readFileSync, writeFileSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }

const CHANGELOG = new URL('../CHANGELOG.md', import.meta.url)
const HEADING = '## Unreleased\n'

/**
 * Returns the changelog with its unreleased changes under a version, and an empty section for the next ones.
 *
 * @throws {Error} if there are no unreleased changes
 */
export function release (changelog: string, version: string, date: Date): string {
  const [before, after = ''] = changelog.split(HEADING, 2) as [string, string?]
  if (!/^[^#]|^###/.test(after.trimStart())) throw new Error('Cannot release: the changelog has no unreleased changes')
  return `${before}${HEADING}\n## ${version} - ${date.toISOString().slice(0, 10)}\n${after}`
}

if (import.meta.main) {
  writeFileSync(CHANGELOG, release(readFileSync(CHANGELOG, 'utf8'), packageJson.version, new Date()))
}
