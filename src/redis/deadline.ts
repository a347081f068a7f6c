/** Error of {@link deadline}. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * Settles as `promise` does, or rejects after `ms` milliseconds.
 *
 * @param fact - message of the error
 */
export async function deadline<T> (promise: Promise<T>, ms: number, fact: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new DeadlineError(`${fact} within ${ms} ms`)) }, ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
