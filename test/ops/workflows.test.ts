import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../support/docs.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const INSTALL = '.ci/install'

interface Job {
  readonly container: { readonly image: string }
  readonly steps: ReadonlyArray<{ readonly run?: string }>
}

for (const name of ['test', 'release']) {
  t.test(`the workflow ${name} installs the programs of the tests before it runs any, on Debian`, async t => {
    const jobs = parse(read(`.github/workflows/${name}.yml`)).jobs as Record<string, Job>
    for (const [id, { container, steps }] of Object.entries(jobs)) {
      const commands = steps.flatMap(({ run = '' }) => run.includes('.ci/run') ? [INSTALL, 'npm test'] : [run])
      const test = commands.findIndex((command) => /npm (?:run )?test/.test(command))
      t.ok(test > 0, id)
      t.ok(commands.slice(0, test).includes(INSTALL), id)
      t.match(container.image, /-bookworm$/, id)
    }
  })
}

t.test('.ci/run installs the programs, and fails without them', async t => {
  t.match(read('.ci/run'), /^\.ci\/install \|\| exit 1$/m)
})
