import packageJson from 'phrase-relay/package.json' with { type: 'json' }

/** Version of this package. */
export const { version: VERSION } = packageJson
