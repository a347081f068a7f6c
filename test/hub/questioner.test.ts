import t from 'tap'
import type { EventName } from '../../schemas/event.ts'
import { readAll } from '../../src/conformance/drafts.ts'
import type { EventDraft } from '../../src/event.ts'
import { createQuestioner, delayAfter, type Asked, type FailedQuestion } from '../../src/hub/questioner.ts'
import { LIMITS } from '../../src/hub/watch-over.ts'
import { memoryStore } from '../../src/store/memory/store.ts'
import type { Due } from '../../src/store/submissions.ts'

const PATIENCE = { askAfterMs: 30_000, giveUpMs: 600_000 }
const START = Date.parse('2026-01-02T03:04:05.678Z')
const PHRASE: EventDraft = {
  event: 'phrase-ready', data: '{"phrase":1}', digest: 'phrase', about: { step: 'validate', meaning: 'phrase' }
}
const PROGRESS: EventDraft = {
  event: 'task-update', data: '{"status":"busy"}', digest: 'progress', about: { step: 'validate', progress: 'busy' }
}

/** Returns a questioner, a submission of task `a`, a clock, and the reports of the questioner. */
async function setUp (ask: () => Asked | Promise<Asked>) {
  let now = START
  const store = memoryStore({ now: () => now })
  const reports: unknown[] = []
  const note = (what: string) => (_submission: Due, { event }: { event: { event: EventName } }) => {
    reports.push([what, event.event])
  }
  const report = {
    onAsked: (_submission: Due, answer: string, failure?: FailedQuestion) => {
      reports.push(failure ? ['asked', answer, failure.reason] : ['asked', answer])
    },
    onOverdue: note('overdue'),
    onTimeout: note('timeout'),
    onAnswer: note('answer'),
    onError: () => t.fail()
  }
  const { submissions } = store
  const questioner = createQuestioner({ submissions, ask: async () => ask(), report, now: () => now, random: () => 0 })
  await store.submissions.watch({ id: 's1', taskId: 'a', step: 'validate' }, PATIENCE)

  return {
    store,
    reports,
    /** Lets time pass, and claims the submissions that are due then. */
    async due (ms: number) {
      now += ms
      return store.submissions.claim(LIMITS)
    },
    questioner,
    events: async () => (await readAll(store, 'a')).map(({ event }) => event)
  }
}

t.test('questioner reports a submission as overdue, then asks', async t => {
  const { due, questioner, reports, events } = await setUp(() => ({ draft: PHRASE }))
  const [submission] = await due(PATIENCE.askAfterMs)
  t.equal(await questioner(submission as Due), 5000)
  t.strictSame(await events(), ['task-overdue', 'phrase-ready'])
  t.strictSame(reports, [['overdue', 'task-overdue'], ['asked', 'phrase-ready'], ['answer', 'phrase-ready']])
})

t.test('questioner gives its events the fields of every event', async t => {
  const { due, questioner, store } = await setUp(() => ({ draft: PROGRESS }))
  for (const submission of await due(PATIENCE.askAfterMs)) await questioner(submission)
  for (const submission of await due(PATIENCE.giveUpMs)) await questioner(submission)
  const [overdue, , timeout] = (await readAll(store, 'a')).map(({ data }) => JSON.parse(data))
  const none = { code: null, status: null, validateInfo: null, errorCode: null, errorMessage: null }
  const empty = { taskId: 'a', step: 'validate', ...none, submittedAt: '2026-01-02T03:04:05.678Z' }
  t.strictSame(overdue, { ...empty, msg: overdue.msg, receivedAt: '2026-01-02T03:04:35.678Z' })
  t.strictSame(timeout, { ...empty, msg: timeout.msg, receivedAt: '2026-01-02T03:14:35.678Z' })
  t.match(overdue.msg, /asks Suno/)
  t.match(timeout.msg, /No outcome/)
})

t.test('questioner reports a submission as overdue once, however often it asks', async t => {
  const { due, questioner, events } = await setUp(() => ({ draft: PROGRESS }))
  for (const ms of [30_000, 5000, 7500]) for (const submission of await due(ms)) await questioner(submission)
  t.strictSame(await events(), ['task-overdue', 'task-update'])
})

t.test('questioner asks nothing when the outcome came after the claim', async t => {
  const { due, questioner, store, reports } = await setUp(() => t.fail('asked') as never)
  const [submission] = await due(PATIENCE.askAfterMs)
  await store.append('a', PHRASE)
  t.equal(await questioner(submission as Due), undefined)
  t.strictSame(reports, [])
})

t.test('questioner gives up past the deadline, and asks nothing', async t => {
  const { due, questioner, reports, events } = await setUp(() => t.fail('asked') as never)
  const [submission] = await due(PATIENCE.giveUpMs)
  t.equal(await questioner(submission as Due), undefined)
  t.strictSame(await events(), ['task-timeout'])
  t.strictSame(reports, [['timeout', 'task-timeout']])
  t.strictSame(await due(PATIENCE.giveUpMs), [])
})

t.test('questioner does not give up when the outcome came after the claim', async t => {
  const { due, questioner, store, reports } = await setUp(() => ({ draft: PHRASE }))
  const [submission] = await due(PATIENCE.giveUpMs)
  await store.append('a', PHRASE)
  await questioner(submission as Due)
  t.strictSame(reports, [])
})

t.test('questioner asks again after a failed question, and tells nothing', async t => {
  const { due, questioner, reports, events } = await setUp(() => ({ failure: 'unreachable', reason: 'no connection' }))
  for (const submission of await due(PATIENCE.askAfterMs)) t.equal(await questioner(submission), 5000)
  t.strictSame(await events(), ['task-overdue'])
  t.strictSame(reports[1], ['asked', 'unreachable', 'no connection'])
  t.strictSame(await due(4999), [])
  for (const submission of await due(1)) t.equal(await questioner(submission), 7500)
})

t.test('questioner asks nothing at all for as long as Suno wants', async t => {
  const { due, questioner, store } = await setUp(() => ({ failure: 'busy', reason: 'too often', retryAfterMs: 60_000 }))
  for (const submission of await due(PATIENCE.askAfterMs)) await questioner(submission)
  await store.submissions.watch({ id: 's2', taskId: 'b', step: 'validate' }, { ...PATIENCE, askAfterMs: 0 })
  t.strictSame(await due(59_999), [])
  t.equal((await due(1)).length, 2)
})

t.test('delayAfter() grows from 5 s to 30 s, with a fifth of jitter', async t => {
  const delays = [1, 2, 3, 4, 5, 6, 60].map((asked) => delayAfter(asked, 0))
  t.strictSame(delays, [5000, 7500, 11_250, 16_875, 25_313, 30_000, 30_000])
  t.equal(delayAfter(1, 0.5), 5500)
})
