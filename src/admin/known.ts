const MAX_WAIT_MS = 3000

/** Resolves with a value, or with another one if it fails or takes more than three seconds. Never rejects. */
export async function known<T> (value: Promise<T>, unknown: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => { timer = setTimeout(resolve, MAX_WAIT_MS, unknown) })
  try {
    return await Promise.race([value, late])
  } catch {
    return unknown
  } finally {
    clearTimeout(timer)
  }
}
