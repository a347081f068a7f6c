import t from 'tap'
import type { EventName, RelayEvent } from '../../../src/client/index.ts'
import { describe, nothingSeen, type Seen } from '../../../src/client/react/describe.ts'

const LIFE_MS = 180_000
const status = { connection: 'live', failure: undefined } as const
const submittedAt = '2026-01-01T00:00:10.000Z'
const since = new Date(submittedAt)

function event (name: EventName, data: object = {}): RelayEvent {
  return { id: 'e.1', event: name, data: { receivedAt: '2026-01-01T00:00:20.000Z', ...data } } as RelayEvent
}

function seen (change: Partial<Seen>): Seen {
  return { ...nothingSeen('key'), status, now: 1000, ...change }
}

function report (state: NonNullable<Seen['report']>['state'], time?: string): Pick<Seen, 'report'> {
  return { report: { taskId: 'a', state, lastEventId: null, ...time && { submittedAt: time } } } as Pick<Seen, 'report'>
}

const phrase = event('phrase-ready', { validateInfo: 'Read me' })
const voice = event('voice-ready', { voiceId: 'v' })
const failed = event('phrase-failed', { errorMessage: '', msg: 'No credits' })
const mismatch = event('voice-failed', { errorMessage: 'No match', msg: 'error' })
const silent = event('phrase-failed', { errorMessage: null, msg: null })
const error = new Error('Refused')

const CASES: ReadonlyArray<[name: string, seen: Seen, expected: object]> = [
  ['no task is idle', nothingSeen(''), { connection: 'connecting', failure: undefined, state: 'idle' }],
  ['a new watch waits', nothingSeen('key'), { connection: 'connecting', state: 'waiting', since: undefined }],
  ['an unknown task', seen(report('unknown')), { state: 'unknown', since: undefined }],
  ['a task with a submission waits since then', seen(report('pending', submittedAt)), { state: 'waiting', since }],
  ['an overdue task', seen(report('overdue', submittedAt)), { state: 'overdue', since }],
  ['the event task-overdue', seen({ event: event('task-overdue', { submittedAt }) }), { state: 'overdue', since }],
  ['a timed-out task', seen(report('timed-out', submittedAt)), { state: 'timed-out', since }],
  ['the event task-timeout', seen({ event: event('task-timeout', { submittedAt }) }), { state: 'timed-out', since }],
  ['a task whose events were deleted has expired', seen(report('expired')), { state: 'expired' }],
  ['progress waits', seen({ event: event('task-update') }), { state: 'waiting', since: undefined }],
  ['a phrase', seen({ event: phrase, receivedMs: 900 }), {
    ...status, state: 'ready', phrase: 'Read me', ageMs: 100, endsAt: new Date(900 + LIFE_MS), event: phrase
  }],
  ['a phrase just before its end', seen({ event: phrase, receivedMs: 1001 - LIFE_MS }), { state: 'ready' }],
  ['a phrase at its end has expired', seen({ event: phrase, receivedMs: 1000 - LIFE_MS }), {
    state: 'expired', event: phrase
  }],
  ['a voice', seen({ event: voice }), { state: 'done', voiceId: 'v', event: voice }],
  ['a failure has the message of the sender', seen({ event: failed }), { state: 'failed', reason: 'No credits' }],
  ['a failed voice has the error message', seen({ event: mismatch }), { state: 'failed', reason: 'No match' }],
  ['a failure without any message', seen({ event: silent }), { state: 'failed', reason: '', event: silent }],
  ['an event after the submission', seen({ event: voice, ...report('pending', submittedAt) }), { state: 'done' }],
  ['an event before the submission waits', seen({ event: voice, ...report('pending', '2026-01-02') }), {
    state: 'waiting', since: new Date('2026-01-02')
  }],
  ['a refusal', seen({ error, event: voice }), { connection: 'refused', failure: error, state: 'refused', error }],
  ['a phrase outlives a refusal', seen({ error, event: phrase, receivedMs: 900 }), { ...status, state: 'ready' }]
]

for (const [name, seen, expected] of CASES) {
  t.test(`describe: ${name}`, async t => { t.match(describe(seen, LIFE_MS), expected) })
}
