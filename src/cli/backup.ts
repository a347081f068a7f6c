import { readConfig } from '../config.ts'
import { backUpStore } from '../store/open.ts'

const HELP = `Copies the store into a new file, also while the server runs.

Usage: npx phrase-relay backup FILE

The copy has every event that was acknowledged before the command started. To restore it, stop the server, put the copy
in place of the file of STORE_URL, remove the files -wal and -shm next to it, and start the server. Clients that saw
events which the copy does not have get "gap":true. For a store in Redis, use the backup of Redis.

Environment: STORE_URL, the server's.
`

/**
 * The command `backup`: copies the store of `STORE_URL` into a new file.
 *
 * @returns the text to print
 * @throws {RangeError} when the store has no file, or the new file exists or cannot be created
 * @throws {RelayError} `STORE_UNAVAILABLE` when the store cannot be copied
 */
export async function backup (args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const [file = '--help', ...rest] = args
  if (file === '--help') return HELP
  if (rest.length > 0) throw new RangeError(`Cannot back up into ${args.length} files, expected one`)
  backUpStore(readConfig(env), file)
  return `${file}\n`
}
