import t from 'tap'
import { createStreams, type OpenStream } from '../../../src/http/streams/registry.ts'
import { fakeTimeouts } from '../../support/timers.ts'

t.test('createStreams() drain() destroys streams that are open one second after their end', async t => {
  const timeouts = fakeTimeouts(t)
  const streams = createStreams(0, 2000)
  const log: string[] = []
  const open = (name: string, end: () => void = () => {}): OpenStream => ({
    keepAlive () {},
    end (reason) {
      log.push(`${name}: ${reason}`)
      end()
    },
    destroy () { log.push(`${name}: destroyed`) }
  })
  const quick = open('quick', () => { streams.delete(quick) })
  streams.add(quick, Infinity)
  streams.add(open('stalled'), Infinity)

  await streams.drain(0)

  t.strictSame(log.splice(0), ['quick: drain', 'stalled: drain'])
  t.strictSame(timeouts.delays, [1000])
  timeouts.fire()
  t.strictSame(log, ['stalled: destroyed'])
})
