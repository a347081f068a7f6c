/** Bundles `index.js`. */

import { join } from 'node:path'
import { promisify } from 'node:util'
import webpack from 'webpack'

const stats = await promisify(webpack)({
  mode: 'production',
  target: 'web',
  entry: join(import.meta.dirname, 'index.js'),
  output: { path: import.meta.dirname, filename: 'out.js' }
})
if (stats.hasErrors()) throw new Error(stats.toString())
