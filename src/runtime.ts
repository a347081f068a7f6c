/** Import it first: it throws on a Node that is too old, before anything else fails in a less helpful way. */

/**
 * Checks the version of Node; Deno reports the version that it emulates.
 *
 * @throws {Error} if `version` is older than 22.18, the oldest version that runs the sources unbuilt
 */
export function requireNode (version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return
  throw new Error(`Cannot load Phrase Relay: this is Node ${version}, expected 22.18 or newer`)
}

requireNode(process.versions.node)
