import t from 'tap'
import { acceptsStream, namesStream } from '../../../src/http/streams/accept.ts'

for (const accept of [
  undefined,
  '',
  ' ',
  ', ,',
  '*/*',
  '*',
  'text/*',
  'text/event-stream',
  'Text/Event-Stream',
  'text/event-stream;charset=utf-8',
  'text/event-stream; charset="utf-8"; q=0.001',
  'text/html, text/event-stream;q=0.1',
  'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
  'application/json, text/*;q=0, text/event-stream',
  '*/*;q=0, text/*;q=0.5',
  'text/event-stream;q=often',
  '*/*;q=0, text/event-stream;q=00.1'
]) {
  t.test(`acceptsStream() is true for ${JSON.stringify(accept)}`, async t => { t.equal(acceptsStream(accept), true) })
}

for (const accept of [
  'application/json',
  'text/html',
  'text/event-streams',
  'text/event-stream;q=0',
  'text/event-stream;q=0.000',
  'text/event-stream; charset=utf-8; Q = 0',
  '*/*, text/event-stream;q=0',
  'text/*;q=0, */*',
  '*/*;q=0',
  'nonsense'
]) {
  t.test(`acceptsStream() is false for ${JSON.stringify(accept)}`, async t => { t.equal(acceptsStream(accept), false) })
}

t.test('acceptsStream() reads the first 1,024 characters only', async t => {
  t.equal(acceptsStream(`${' '.repeat(1007)}text/event-stream`), true)
  t.equal(acceptsStream(`${' '.repeat(1008)}text/event-stream`), false)
})

t.test('namesStream() is true for a header that names event streams', async t => {
  t.equal(namesStream('text/html, TEXT/event-stream;q=0.5'), true)
  t.equal(namesStream('*/*'), false)
  t.equal(namesStream(), false)
})
