/** Answer to a GET. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  /** undefined for an empty body. */
  readonly json: any
}

/** Gets a URL and reads its JSON. */
export async function getJson (url: string): Promise<JsonAnswer> {
  const response = await fetch(url)
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
}
