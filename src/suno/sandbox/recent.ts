const MAX_ITEMS = 1000

/** Appends an item to a list and drops the oldest beyond 1,000. */
export function keepNewest<T> (list: T[], item: T): void {
  list.push(item)
  if (list.length > MAX_ITEMS) list.shift()
}
