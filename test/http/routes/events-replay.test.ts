import t, { type Test } from 'tap'
import { phraseReady, post } from '../../support/callbacks.ts'
import { phraseWithUpdates, update } from '../../support/phrase-with-updates.ts'
import { startRelay, type TestRelay } from '../../support/relay.ts'
import { watch } from '../../support/sse.ts'

/** Opens a stream. Returns the seq of its cursor, whether there is a gap, and the replayed seqs. */
async function replay (t: Test, { url }: TestRelay, query: string, headers: Record<string, string> = {}) {
  const stream = await watch(t, `${url}/events/a${query}`, headers)
  const { id, data: { gap, replayed } } = await stream.next()
  const seqs: number[] = []
  while (seqs.length < replayed) seqs.push(Number((await stream.next()).id?.split('.')[1]))
  return { from: id?.split('.')[1], gap, seqs }
}

t.test('events: a late client gets the newest event', async t => {
  const relay = await phraseWithUpdates(t, 2)
  t.strictSame(await replay(t, relay, ''), { from: '2', gap: false, seqs: [3] })
})

t.test('events: replay=all replays everything kept, replay=none nothing', async t => {
  const relay = await phraseWithUpdates(t, 2)
  t.strictSame(await replay(t, relay, '?replay=all'), { from: '0', gap: false, seqs: [1, 2, 3] })
  t.strictSame(await replay(t, relay, '?replay=none'), { from: '3', gap: false, seqs: [] })
})

t.test('events: a reconnect gets what it missed', async t => {
  const relay = await phraseWithUpdates(t, 2)
  const expected = { from: '1', gap: false, seqs: [2, 3] }
  t.strictSame(await replay(t, relay, '', { 'last-event-id': `${relay.epoch}.1` }), expected)
  t.strictSame(await replay(t, relay, `?lastEventId=${relay.epoch}.1`), expected)
})

for (const name of ['lastEventID', 'last_event_id', 'Last-Event-ID', 'evs_last_event_id', 'lastEventId=&lastEventId']) {
  t.test(`events: a reconnect with ?${name}= gets what it missed`, async t => {
    const relay = await phraseWithUpdates(t, 2)
    t.strictSame((await replay(t, relay, `?${name}=${relay.epoch}.1`)).seqs, [2, 3])
  })
}

t.test('events: the header counts before the query, and the last cursor of the query before the others', async t => {
  const { epoch, ...relay } = await phraseWithUpdates(t, 2)
  async function seqs (query: string, header: string): Promise<number[]> {
    return (await replay(t, relay, query, { 'last-event-id': header })).seqs
  }
  t.strictSame(await seqs(`?lastEventId=${epoch}.1`, `${epoch}.2`), [3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1`, ''), [2, 3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1&evs_last_event_id=${epoch}.2`, ''), [3])
  t.strictSame(await seqs(`?lastEventId=${epoch}.1&lastEventId=${epoch}.2`, ''), [3])
})

t.test('events: an unknown cursor gets everything, and a gap is reported', async t => {
  const relay = await phraseWithUpdates(t, 1)
  for (const cursor of ['other.1', `${relay.epoch}.9`, 'garbage']) {
    t.strictSame(await replay(t, relay, '', { 'last-event-id': cursor }), { from: '0', gap: true, seqs: [1, 2] })
  }
})

t.test('events: a client that was disconnected before any event resumes from the first frame', async t => {
  const relay = await startRelay(t)
  const stream = await watch(t, `${relay.url}/events/a`)
  const { id } = await stream.next()
  stream.close()
  await post(relay.url, phraseReady('a'))
  await post(relay.url, update('a', 'later'))
  t.strictSame(await replay(t, relay, '', { 'last-event-id': id as string }), { from: '0', gap: false, seqs: [1, 2] })
})

t.test('events: a duplicate is not sent again', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const body of [phraseReady('a'), phraseReady('a'), update('a', 'later')]) await post(url, body)
  t.equal((await stream.next()).event, 'phrase-ready')
  t.equal((await stream.next()).event, 'task-update')
})

t.test('events: a stream gets no events of other tasks', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const taskId of ['b', 'A', 'a']) await post(url, phraseReady(taskId))
  t.equal((await stream.next()).data.taskId, 'a')
})
