/** Bundles `index.js` as React Native does. The argument `exports` makes Metro read the `exports` of packages. */

import { join } from 'node:path'
import { getDefaultConfig, mergeConfig } from '@react-native/metro-config'
import Metro from 'metro'

const folder = join(import.meta.dirname, '..')

const config = mergeConfig(getDefaultConfig(folder), {
  watchFolders: [folder],
  resetCache: true,
  maxWorkers: 1,
  reporter: { update () {} },
  resolver: { useWatchman: false, unstable_enablePackageExports: process.argv[2] === 'exports' },
  // Both are parts of React Native itself, which is not installed.
  serializer: { getModulesRunBeforeMainModule: () => [], getPolyfills: () => [] }
})

await Metro.runBuild(config, {
  entry: join(import.meta.dirname, 'index.js'),
  out: join(import.meta.dirname, 'out.js'),
  dev: false,
  platform: 'ios'
})
