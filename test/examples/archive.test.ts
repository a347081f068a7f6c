import t from 'tap'
import { importExample } from '../support/examples.ts'

await importExample(t, 'archive.test.ts')
