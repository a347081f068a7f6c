import markdown from '@eslint/markdown'
import { plugins } from 'neostandard'
import language from './language.ts'

const { '@stylistic': stylistic, 'typescript-eslint': { parser } } = plugins

/** Patterns of all files of code. */
export const CODE = ['**/*.{js,ts}']

/** Language rules for code and documents, part of `eslint.config.js`. */
export default [
  { ignores: ['dist/**', 'dist-client/**', '.tap/**', 'data/**'] },
  {
    files: CODE,
    languageOptions: { parser },
    plugins: { language, '@stylistic': stylistic },
    rules: {
      'language/comments': 'error',
      'language/strings': 'error',
      '@stylistic/max-len': ['error', { code: 120, ignoreUrls: true }]
    }
  },
  // Its texts are planted faults.
  { files: ['test/language.test.ts'], rules: { 'language/strings': 'off' } },
  {
    files: ['**/*.md'],
    language: 'markdown/gfm',
    plugins: { language, markdown },
    rules: { 'language/prose': 'error', 'language/columns': 'error' }
  }
]
