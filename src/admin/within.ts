const MAX_WAIT_MS = 3000

/** Resolves with a value, or with another one if it takes more than three seconds. */
export async function within<T> (value: Promise<T>, instead: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => { timer = setTimeout(resolve, MAX_WAIT_MS, instead) })
  try {
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}
