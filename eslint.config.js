import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, env: ['browser'], ignores: ['dist/**', '.tap/**'] }),
  // The sender's own field names are what they are.
  { rules: { camelcase: ['error', { allow: ['task_id'] }] } },
  { files: ['src/client/**'], rules: { complexity: ['error', 8] } }
]
