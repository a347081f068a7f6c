import t from 'tap'
import { logOptions } from '../src/log.ts'
import { post } from './support/callbacks.ts'
import { runtimeCommand, startProcess } from './support/process.ts'
import { lacks } from './support/proxies.ts'

const RELAY = runtimeCommand('src/bin.js')
// util-linux runs the command on a terminal of its own.
const ON_TERMINAL = ['script', '--quiet', '--flush', '--command', RELAY.join(' '), '/dev/null']
const JSON_LINE = /^\{"level":"warn","time":"\d{4}-\d\d-\d\dT[\d:.]{12}Z",.*"code":"BODY_NOT_JSON".*\}\r?$/m
const PRETTY_LINE = /^\[\d{4}-\d\d-\d\d [\d:.]{12}\] WARN: callback refused \{"code":"BODY_NOT_JSON",.*\}\r?$/m

const CASES = [
  { format: 'auto', place: 'a pipe', command: RELAY, line: JSON_LINE },
  { format: 'auto', place: 'a terminal', command: ON_TERMINAL, line: PRETTY_LINE },
  { format: 'pretty', place: 'a pipe', command: RELAY, line: PRETTY_LINE },
  { format: 'json', place: 'a terminal', command: ON_TERMINAL, line: JSON_LINE }
]

for (const { format, place, command, line } of CASES) {
  const skip = command === ON_TERMINAL && lacks('script', '--version')
  t.test(`log: LOG_FORMAT=${format} on ${place}`, { skip }, async t => {
    const { url, printed } = await startProcess(t, { LOG_FORMAT: format, NO_COLOR: '1' }, command)
    await post(url, '{')
    await t.resolves(printed(line))
  })
}

async function importNothing (): Promise<never> {
  throw new Error('Cannot find package pino-pretty')
}

t.test('logOptions() writes JSON if pino-pretty is not installed', async t => {
  t.intercept(process.stdout, 'isTTY', { value: true })
  const { logger } = await logOptions({ LOG_LEVEL: 'info', LOG_FORMAT: 'auto' }, importNothing)
  t.match(logger, { level: 'info', stream: undefined })
})

t.test('logOptions() refuses LOG_FORMAT=pretty if pino-pretty is not installed', async t => {
  const message = 'Cannot start: LOG_FORMAT is pretty, which needs the package pino-pretty, expected json'
  await t.rejects(logOptions({ LOG_LEVEL: 'info', LOG_FORMAT: 'pretty' }, importNothing), new RangeError(message))
})
