import neostandard from 'neostandard'
import language, { CODE } from './lint/language.config.js'

const ignores = ['dist/**', 'dist-client/**', '.tap/**', 'data/**', '**/*.jsx', 'test/client/apps/jest/**']
const standard = neostandard({ ts: true, env: ['browser'], ignores })

function isGlobal (config) {
  return !config.files && Object.keys(config).join() !== 'ignores'
}

export default [
  // A configuration without files would apply to Markdown too. One with nothing but ignores is global.
  ...standard.map((config) => isGlobal(config) ? { ...config, files: CODE } : config),
  // The names of others are what they are.
  { files: CODE, rules: { camelcase: ['error', { allow: ['task_id', '^unstable_'] }] } },
  { files: ['src/client/**'], rules: { complexity: ['error', 8] } },
  ...language
]
