const MAX_LENGTH = 200

/** Returns the path of a URL for the log: without the query, which may contain secrets, and at most 200 characters. */
export function pathOf (url: string): string {
  return (url.split('?', 1)[0] as string).slice(0, MAX_LENGTH)
}
