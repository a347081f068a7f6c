import t from 'tap'
import { createMetrics } from '../../src/metrics.ts'
import type { Appended } from '../../src/store/store.ts'
import type { Due } from '../../src/store/submissions.ts'
import { createSubmissionReport } from '../../src/asking/report.ts'

const submission = { id: 'r', step: 'validate', taskId: 'a', place: 'e.0', stage: 'overdue', submittedAt: 0 } as const
const due: Due = { ...submission, asked: 2, isPastDeadline: false }
const event = { taskId: 'a', seq: 1, id: 'e.1', event: 'phrase-ready', data: '{}' } as const
const appended: Appended = { event, duplicate: false }
const settled = { step: 'validate', submittedAt: Date.now() - 20_000 } as const

function setUp () {
  const metrics = createMetrics()
  const lines: unknown[][] = []
  const write = (level: string) => (details: object, message: string) => { lines.push([level, message, details]) }
  const report = createSubmissionReport({ info: write('info'), warn: write('warn'), error: write('error') }, metrics)
  return { report, lines, text: () => metrics.registry.metrics() }
}

t.test('report: a settled submission is one line, counted by source and timed by step', async t => {
  const { report, lines, text } = setUp()
  report.onAppended({ ...appended, settled }, 'callback')
  report.onAnswer(due, { ...appended, settled })
  report.onAppended(appended, 'callback')
  const details = { taskId: 'a', step: 'validate', event: 'phrase-ready', eventId: 'e.1', source: 'callback' }
  const message = 'submission settled'
  t.match(lines, [['info', message, details], ['info', message, { ...details, source: 'query' }]])
  t.equal(lines.length, 2)
  t.match(await text(), /relay_settled_total\{source="callback"\} 1\n/)
  t.match(await text(), /relay_settled_total\{source="query"\} 1\n/)
  t.match(await text(), /relay_outcome_seconds_bucket\{le="30",step="validate"\} 2\n/)
  t.match(await text(), /relay_events_total\{event="phrase-ready"\} 1\n/)
})

t.test('report: a submission that a callback from quarantine has settled is counted', async t => {
  const { report, lines, text } = setUp()
  report.onReplayed({ id: 1, event, settled })
  report.onReplayed({ id: 2, event })
  report.onReplayed({ id: 3, reason: 'it is odd' })
  t.match(lines, [['info', 'submission settled', { taskId: 'a', source: 'callback' }]])
  t.equal(lines.length, 1)
  t.match(await text(), /relay_settled_total\{source="callback"\} 1\n/)
})

t.test('report: a submission that an earlier callback has settled is counted, and timed if possible', async t => {
  const { report, lines, text } = setUp()
  report.onEarlier(submission, 20_000)
  report.onEarlier({ ...submission, taskId: 'elsewhere' })
  const message = 'submission settled'
  t.match(lines, [
    ['info', message, { taskId: 'a', step: 'validate', source: 'callback', ms: 20_000 }],
    ['info', message, { taskId: 'elsewhere', ms: undefined }]
  ])
  t.match(await text(), /relay_settled_total\{source="callback"\} 2\n/)
  t.match(await text(), /relay_outcome_seconds_count\{step="validate"\} 1\n/)
})

t.test('report: an overdue task and a timeout are a line each', async t => {
  const { report, lines, text } = setUp()
  report.onOverdue(due, { ...appended, event: { ...appended.event, event: 'task-overdue' } })
  report.onTimeout(due, { ...appended, event: { ...appended.event, event: 'task-timeout' } })
  const details = { taskId: 'a', step: 'validate', eventId: 'e.1' }
  t.strictSame(lines, [['info', 'task overdue', details], ['info', 'task timed out', { ...details, asked: 2 }]])
  t.match(await text(), /relay_events_total\{event="task-timeout"\} 1\n/)
})

t.test('report: a failure of the account or of Suno is one line until Suno answers again', async t => {
  const { report, lines, text } = setUp()
  const fail = (failure: string) => { report.onAsked(due, failure, { failure, reason: `Cannot ask Suno: ${failure}` }) }
  for (const failure of ['unauthorized', 'unauthorized', 'no-credits', 'no-credits', 'refused']) fail(failure)
  report.onAsked(due, 'task-update')
  report.onAsked(due, 'task-update')
  fail('no-credits')
  t.strictSame(lines, [
    ['warn', 'cannot ask Suno', { failure: 'unauthorized', reason: 'Cannot ask Suno: unauthorized' }],
    ['warn', 'cannot ask Suno', { failure: 'no-credits', reason: 'Cannot ask Suno: no-credits' }],
    ['info', 'Suno answers again', {}],
    ['warn', 'cannot ask Suno', { failure: 'no-credits', reason: 'Cannot ask Suno: no-credits' }]
  ])
  t.match(await text(), /relay_questions_total\{answer="no-credits"\} 3\n/)
  t.match(await text(), /relay_questions_total\{answer="task-update"\} 2\n/)
})

t.test('report: a failure of the store is an error', async t => {
  const { report, lines } = setUp()
  const error = new Error('Cannot use the store')
  report.onError(error)
  t.strictSame(lines, [['error', 'Cannot use the store', { err: error }]])
})
