/** Max size of a page, in bytes of event data. The event that reaches it is the last of its page. */
export const MAX_PAGE_BYTES = 262_144

/** Takes the events of one page from the front. */
export function takePage<T extends { readonly data: string }> (events: Iterable<T>): T[] {
  const page: T[] = []
  let bytes = 0
  for (const event of events) {
    page.push(event)
    bytes += Buffer.byteLength(event.data)
    if (bytes >= MAX_PAGE_BYTES) break
  }
  return page
}

/** Whether more events may follow a page that was read with this limit. */
export function isPageFull (page: ReadonlyArray<{ readonly data: string }>, limit: number): boolean {
  return page.length === limit || page.reduce((bytes, { data }) => bytes + Buffer.byteLength(data), 0) >= MAX_PAGE_BYTES
}
