import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream'
import type { Test } from 'tap'

/** A stream as a test reads it. */
export interface TestStream {
  readonly status: number
  readonly headers: Headers
  /** The next event; rejects when the stream ends without one. */
  next (): Promise<{ id: string | undefined, event: string | undefined, data: any }>
  /** Resolves when the server has ended the stream; events that were not read are given. */
  rest (): Promise<Array<string | undefined>>
  close (): void
}

/** Opens a stream; it is closed with the test. */
export async function watch (t: Test, url: string, headers: Record<string, string> = {}): Promise<TestStream> {
  const abort = new AbortController()
  t.teardown(() => { abort.abort() })
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader() as ReadableStreamDefaultReader<EventSourceMessage>

  return {
    status: response.status,
    headers: response.headers,
    async next () {
      const { done, value } = await reader.read()
      if (done) throw new Error('the stream ended')
      return { id: value.id, event: value.event, data: JSON.parse(value.data) }
    },
    async rest () {
      const names: Array<string | undefined> = []
      for (let read = await reader.read(); !read.done; read = await reader.read()) names.push(read.value.event)
      return names
    },
    close () { abort.abort() }
  }
}
