import t from 'tap'
import { closingFrame, eventFrame, KEEP_ALIVE, subscribedFrame } from '../../../src/http/streams/frames.ts'
import { jitter } from '../../../src/http/streams/retry.ts'

const event = { taskId: 'a', seq: 3, id: 'e1.3', event: 'phrase-ready', data: '{"a":"\\n"}' } as const

t.test('frames: an event, byte by byte', async t => {
  t.equal(eventFrame(event), 'event:phrase-ready\nid:e1.3\ndata:{"a":"\\n"}\n\n')
})

t.test('frames: a line break or NUL in any field forges no field', async t => {
  for (const text of ['\n', '\r', '\r\n', '\n\n', '\0', '\n\0\r']) {
    const forged = `a${text}event:forged` as 'phrase-ready'
    const frame = String(eventFrame({ ...event, id: forged, event: forged, data: `{${text}"a":1}` }))
    t.equal(frame, 'event:a event:forged\nid:a event:forged\ndata:{ "a":1}\n\n')
  }
})

t.test('frames: the length of a frame is in bytes, for any alphabet', async t => {
  const frame = eventFrame({ ...event, data: '{"a":"\u58f0\u{1F3B5}"}' })
  t.equal(String(frame), 'event:phrase-ready\nid:e1.3\ndata:{"a":"\u58f0\u{1F3B5}"}\n\n')
  t.equal(frame.length, Buffer.byteLength(String(frame)))
})

t.test('frames: an event that goes to many streams is encoded once', async t => {
  const again = { ...event }
  const text = eventFrame(again)
  const bytes = eventFrame(again)
  t.type(bytes, Buffer)
  t.equal(String(bytes), text)
  t.equal(eventFrame(again), bytes)
  t.equal(eventFrame({ ...event }), text, 'another event is another frame')
})

t.test('frames: the first frame, byte by byte', async t => {
  const subscribed = { taskId: 'a', state: 'pending', lastEventId: 'e1.3', gap: false, replayed: 1 } as const
  t.equal(subscribedFrame(subscribed, 'e1.2', 2500), 'retry:2500\nevent:subscribed\nid:e1.2\n' +
    'data:{"taskId":"a","state":"pending","lastEventId":"e1.3","gap":false,"replayed":1}\n\n')
})

t.test('frames: the last frame has no id, and a reconnection time if one is given', async t => {
  t.equal(closingFrame('done'), 'event:closing\ndata:{"reason":"done"}\n\n')
  t.equal(closingFrame('drain', { retryMs: 0 }), 'retry:0\nevent:closing\ndata:{"reason":"drain"}\n\n')
})

t.test('frames: a keep-alive is a comment', async t => {
  t.equal(String(KEEP_ALIVE), ':\n\n')
})

t.test('jitter() adds up to 50 %', async t => {
  t.intercept(Math, 'random', { value: () => 0 })
  t.equal(jitter(2000), 2000)
  t.intercept(Math, 'random', { value: () => 0.999999 })
  t.equal(jitter(2000), 3000)
  t.equal(jitter(0), 0)
})
