import t from 'tap'
import { phraseFailed, phraseReady, post, voiceReady } from '../../support/callbacks.ts'
import { phraseWithUpdates, update } from '../../support/phrase-with-updates.ts'
import { startRelay } from '../../support/relay.ts'
import { watch } from '../../support/sse.ts'

for (const [body, step] of [
  [phraseReady('a'), 'validate'],
  [phraseFailed('a'), 'regenerate'],
  [voiceReady('a'), 'generate'],
  [{ code: 500, taskId: 'a' }, 'generate']
] as const) {
  t.test(`events: until=done ends after the outcome of ${step} with code ${body.code}`, async t => {
    const { url } = await startRelay(t)
    const stream = await watch(t, `${url}/events/a?until=done`)
    await post(url, update('a', 'working'), { step })
    const { json } = await post(url, body, { step })
    const names = await stream.rest()
    t.equal(names.length, 4)
    t.strictSame([names[0], names[1], names[3]], ['subscribed', 'task-update', 'closing'])

    const again = await fetch(`${url}/events/a?until=done`, { headers: { 'last-event-id': json.eventId } })
    t.equal(again.status, 204, 'and a reconnect ends the watch')
    t.equal(await again.text(), '')
  })
}

t.test('events: until=done sends the outcome of a finished task and ends', async t => {
  const { url } = await startRelay(t)
  await post(url, phraseReady('a'))
  t.strictSame(await (await watch(t, `${url}/events/a?until=done`)).rest(), ['subscribed', 'phrase-ready', 'closing'])
})

t.test('events: until=done does not end at a superseded outcome', async t => {
  const { url } = await phraseWithUpdates(t, 1)
  const stream = await watch(t, `${url}/events/a?until=done&replay=all`)
  await post(url, phraseFailed('a'))
  t.strictSame(await stream.rest(), ['subscribed', 'phrase-ready', 'task-update', 'phrase-failed', 'closing'])
})

t.test('events: until=done waits if the newest event is no outcome, and if there is none', async t => {
  const { url, epoch } = await phraseWithUpdates(t, 1)
  t.equal((await watch(t, `${url}/events/a?until=done`, { 'last-event-id': `${epoch}.2` })).status, 200)
  t.equal((await watch(t, `${url}/events/b?until=done`, { 'last-event-id': `${epoch}.0` })).status, 200)
})

t.test('events: until=done without a cursor and without a replay waits, even after an outcome', async t => {
  const { url } = await phraseWithUpdates(t, 0)
  const stream = await watch(t, `${url}/events/a?until=done&replay=none`)
  t.equal(stream.status, 200)
  await post(url, phraseFailed('a'))
  t.strictSame(await stream.rest(), ['subscribed', 'phrase-failed', 'closing'])
})

t.test('events: a stream without until stays open after an outcome', async t => {
  const { url } = await startRelay(t)
  const stream = await watch(t, `${url}/events/a`)
  await stream.next()
  for (const body of [phraseReady('a'), phraseReady('a', 'another')]) {
    await post(url, body)
    t.equal((await stream.next()).event, 'phrase-ready')
  }
})
