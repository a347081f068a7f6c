import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream'
import type { Test } from 'tap'

/** An open stream. */
export interface TestStream {
  readonly status: number
  readonly headers: Headers
  /** Resolves with the next event. Rejects if the stream ends first. */
  next (): Promise<{ id: string | undefined, event: string | undefined, data: any }>
  /** Resolves with the names of the unread events when the server has ended the stream. */
  rest (): Promise<Array<string | undefined>>
  close (): void
}

/** Opens a stream. It is closed with the test. */
export async function watch (t: Test, url: string, headers: Record<string, string> = {}): Promise<TestStream> {
  const abort = new AbortController()
  t.teardown(() => { abort.abort() })
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
  const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  const reader = events?.getReader() as ReadableStreamDefaultReader<EventSourceMessage>

  return {
    status: response.status,
    headers: response.headers,
    async next () {
      const { done, value } = await reader.read()
      if (done) throw new Error('Cannot read an event: the stream ended')
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
