/** Version of this package. `npm run docs` takes it from package.json. */
export const VERSION = '0.1.0'
