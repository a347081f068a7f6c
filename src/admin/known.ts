const MAX_WAIT_MS = 3000

/** Resolves with a value, or with another one if it fails or takes more than three seconds. Never rejects. */
export async function known<T, U> (value: Promise<T>, unknown: U): Promise<T | U> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<U>((resolve) => { timer = setTimeout(resolve, MAX_WAIT_MS, unknown) })
  try {
    return await Promise.race([value, late])
  } catch {
    return unknown
  } finally {
    clearTimeout(timer)
  }
}
