// A strict consumer that uses every export. `npm run check` compiles it against the source, and test/package.test.ts
// against the package.

import Fastify, { type FastifyInstance } from 'fastify'
import {
  createHub, createMetrics, createRelay, localBus, memoryStore, phraseRelay, readCallback, readHeld, RelayError,
  signTicket, sqliteStore, type About, type Answer, type Appended, type Begun, type ClaimOptions, type ClosingReason,
  type Config, type Delivery, type Due, type Erased, type ErrorDetails, type EventBus, type EventDraft,
  type EventStore, type Expected, type Extent, type Followed, type Follower, type FollowFrom, type Held,
  type HeldDraft, type HeldSummary, type History, type Hub, type HubObserver, type HubOptions, type IsAbout,
  type ListedNode, type ListedTask, type LossReason, type Metrics, type News, type Patience, type PhraseRelayOptions,
  type Position, type Quarantine, type ReadCallback, type ReadHeld, type Receiver, type Reception, type Relay,
  type RelayErrorCode, type RelayErrorOptions, type RelayNode, type Replayed, type ReservationDraft, type Reserved,
  type Settled, type StoreOptions, type Submission, type SubmissionCounts, type Submissions, type SubmissionStage,
  type Subscribed, type Task, type TaskEvent, type TaskList, type TaskListOptions, type TaskPage,
  type TaskPageOptions, type TaskState, type TaskSummary, type Unsubscribe, type WatchDraft, type Watched
} from 'phrase-relay'
import {
  SubmitError, submitTask, type SubmitBody, type SubmitProblem, type SubmittedTask, type SubmitTaskOptions
} from 'phrase-relay/backend'
import {
  PhraseFailed, waitForPhrase, WaitTimeout, WatchRefused, watchTask, watchTasks, type Connection, type EventData,
  type EventName, type EventOf, type Fetch, type FetchInit, type OverdueData, type PhraseFailedEvent,
  type PhraseReadyData, type PhraseReadyEvent, type RelayEvent, type Replay, type Step, type TaskEvents,
  type TaskOverdueEvent, type TaskReport, type TaskTimeoutEvent, type TaskUpdateEvent, type Ticket,
  type VoiceFailedEvent, type VoiceReadyData, type VoiceReadyEvent, type WaitOptions, type WatchOptions,
  type WatchStatus, type WatchTasksOptions
} from 'phrase-relay/client'
import {
  busConformance, storeConformance, type NewHistory, type TestBackend, type TestHistory, type Tester
} from 'phrase-relay/conformance'

/** Narrows an event by its name. */
export function summarize (relayEvent: RelayEvent): string {
  const { event, data } = relayEvent
  if (event === 'phrase-ready') return data.validateInfo.toUpperCase()
  if (event === 'voice-ready') return data.voiceId.toUpperCase()
  if (event === 'task-overdue' || event === 'task-timeout') return data.submittedAt.toUpperCase()
  // @ts-expect-error -- only `phrase-ready` promises a phrase
  data.validateInfo.toUpperCase()
  return `${data.errorMessage ?? data.msg} ${data.code?.toFixed()}`
}

/** Reads a field that the relay does not know. */
export function readMood (data: EventData): string {
  const mood: unknown = data.mood
  // @ts-expect-error -- the type of an unknown field is unknown, not any
  const text: string = data.mood
  return typeof data.mood === 'string' ? data.mood : String(mood ?? text)
}

/** Counts the phrases of several tasks until the first voice. */
export async function count (relay: string, cursors: Record<string, string>): Promise<Map<string, number>> {
  const options: WatchTasksOptions = { cursors, onGap (taskId) { console.warn(taskId.toUpperCase()) } }
  const counts = new Map<string, number>()
  for await (const { event, data } of watchTasks(relay, Object.keys(cursors), options)) {
    if (event === 'voice-ready') break
    if (event === 'phrase-ready') counts.set(data.taskId, (counts.get(data.taskId) ?? 0) + 1)
  }
  return counts
}

/** Waits for the phrase, then for the voice. */
export async function follow (relay: string, ticket: Ticket): Promise<VoiceReadyEvent | string> {
  const plainFetch: Fetch = (url, init: FetchInit) => fetch(url, init)
  let report: TaskReport | undefined
  const options: WatchOptions = { ticket, fetch: plainFetch, onReport (one) { report = one } }
  const waiting: WaitOptions = { ...options, timeoutMs: 60_000 }
  try {
    const phrase: PhraseReadyEvent = await waitForPhrase(relay, 'a', waiting)
    const { validateInfo }: PhraseReadyData = phrase.data
    const events: TaskEvents = watchTask(relay, 'a', { ...options, cursor: phrase.id })
    for await (const event of events) {
      if (event.event === 'voice-ready') return event
      if (event.data.validateInfo !== validateInfo) break
    }
  } catch (error) {
    if (error instanceof PhraseFailed) return summarize(error.event)
    if (error instanceof WaitTimeout) return String(error.cause)
    if (error instanceof WatchRefused) return `${error.status} ${error.code}`
  }
  return report?.state ?? 'no voice'
}

/** Describes the connection of a watch. */
export function describe ({ connection, failure }: WatchStatus): string {
  const words: Record<Connection, string> = {
    connecting: '…', live: 'Live', polling: 'Live', reconnecting: '…', offline: 'Offline', refused: 'Refused'
  }
  return failure ? `${words[connection]}: ${failure.message}` : words[connection]
}

/** Every kind of event has the common fields. */
export function kindOf (
  event: PhraseFailedEvent | VoiceFailedEvent | TaskUpdateEvent | TaskOverdueEvent | TaskTimeoutEvent
): EventOf<EventName> {
  const { step }: { step: Step } = event.data
  const overdue: OverdueData | undefined = event.event === 'task-overdue' ? event.data : undefined
  return overdue && step === 'validate' ? { ...event, data: overdue } : event
}

/** Mounts the relay into an app, with metrics and a store of choice. */
export async function embed (path: string | undefined): Promise<FastifyInstance> {
  const storeOptions: StoreOptions = { dedupeWindowMs: 60_000, now: () => Date.now() }
  const store: EventStore = path ? await sqliteStore(path, storeOptions) : memoryStore(storeOptions)
  const metrics: Metrics = createMetrics()
  const observer: HubObserver = metrics
  const parts: HubOptions = { store, bus: localBus(), observer }
  const config: Partial<Config> = { TICKET_KEYS: ['k'.repeat(32)], LOG_LEVEL: 'warn' }
  const options: PhraseRelayOptions = { hub: createHub(parts), config, metrics }
  const app = Fastify({ routerOptions: { maxParamLength: 128 } })
  await app.register(phraseRelay, { ...options, prefix: '/voice' })
  return app
}

/** Starts a relay of its own, and signs a ticket for it. */
export async function start (): Promise<{ relay: Relay, ticket: string }> {
  const relay = await createRelay({ PORT: 0, STORE_URL: 'memory:' })
  await relay.listen()
  return { relay, ticket: await signTicket('k'.repeat(32), ['a'], new Date(Date.now() + 60_000)) }
}

/** Creates the error of a bus or store of one's own. */
export function unavailable (message: string, cause: Error): RelayError {
  const details: ErrorDetails = { retryAfterSeconds: 5 }
  const options: RelayErrorOptions = { cause, details }
  return new RelayError('STORE_UNAVAILABLE', message, options)
}

/** Submits through a relay, from a backend. */
export async function submitHere (
  body: SubmitBody, options: SubmitTaskOptions
): Promise<SubmittedTask | SubmitProblem> {
  const error = await submitTask('http://127.0.0.1:3000', 'token', body, options).catch((error: unknown) => error)
  if (error instanceof SubmitError) return { code: error.code, detail: error.message }
  return error as SubmittedTask
}

/** Publishes a callback without HTTP. */
export async function publish (hub: Hub, body: unknown): Promise<TaskEvent | RelayErrorCode> {
  const reception: Reception = { receivedAt: new Date() }
  try {
    const { taskId, draft }: ReadCallback = readCallback('validate', body, reception)
    const { event, duplicate }: Appended = await hub.publish(taskId, { ...draft, delivery: deliveryOf(draft) })
    return duplicate ? 'CALLBACK_UNREADABLE' : event
  } catch (error) {
    if (error instanceof RelayError) return error.code
    throw error
  }
}

function deliveryOf ({ digest, about, delivery }: EventDraft): Delivery {
  const { step }: Partial<About> = about ?? {}
  return delivery ?? { key: `${step}:${digest}`, onConflict: 'append', expiresAt: Date.now() + 60_000 }
}

/** Follows a task without HTTP. */
export async function tail (hub: Hub, replay: Replay): Promise<TaskEvent[]> {
  const from: FollowFrom = { replay }
  const receiver: Receiver = { deliver: () => true, onLost (reason: LossReason) { console.log(reason) } }
  const { follower, position }: Followed = await hub.follow('a', from, receiver)
  const running: Follower = follower
  running.resume()
  running.stop()
  const { gap, extent }: Position = position
  const { last }: Extent = extent
  const history: History = await hub.history('a', undefined)
  return gap || last === 0 ? [] : history.events
}

/** Lists tasks, and reads the store's own list. */
export async function list (hub: Hub, store: EventStore): Promise<Array<TaskSummary | ListedTask>> {
  const options: TaskListOptions = { states: ['overdue'], limit: 10 }
  const found: TaskList = await hub.tasks(options)
  const pageOptions: TaskPageOptions = { before: found.next, limit: 10 }
  const page: TaskPage = await store.tasks(pageOptions)
  return [...found.tasks, ...page.tasks]
}

/** Announces a relay, and lists the others on its store. */
export async function listOthers (hub: Hub, own: RelayNode): Promise<ListedNode[]> {
  const nodes = await hub.nodes(own) ?? []
  return nodes.filter(({ isOwn }) => !isOwn)
}

/** Replays the quarantine. */
export async function replay (hub: Hub, quarantine: Quarantine, draft: HeldDraft): Promise<Replayed[]> {
  const read: ReadHeld = readHeld
  await quarantine.hold(draft)
  const [summary]: HeldSummary[] = await quarantine.list()
  const held: Held | undefined = summary && await quarantine.get(summary.id)
  return held ? hub.replay(read, held.id) : []
}

/** Wraps a bus. */
export function loggingBus (bus: EventBus): EventBus {
  return {
    ...bus,
    async subscribe (taskId, listener): Promise<Unsubscribe> {
      return bus.subscribe(taskId, (news: News) => { listener(news) })
    }
  }
}

/** Watches over a submission. */
export async function submit (submissions: Submissions, draft: ReservationDraft): Promise<SubmissionStage | undefined> {
  const patience: Patience = { askAfterMs: 30_000, giveUpMs: 600_000 }
  const reserved: Reserved = await submissions.reserve(draft, patience)
  const submission: Submission | undefined = reserved.result === 'conflict' ? undefined : reserved.submission
  return submission?.stage
}

/** Records that types of streams and submissions can be named. */
export interface Named {
  readonly answer: Answer
  readonly begun: Begun
  readonly claim: ClaimOptions
  readonly closing: ClosingReason
  readonly counts: SubmissionCounts
  readonly due: Due
  readonly erased: Erased
  readonly expected: Expected
  readonly isAbout: IsAbout
  readonly patience: Patience
  readonly settled: Settled
  readonly subscribed: Subscribed
  readonly task: Task
  readonly state: TaskState
  readonly voice: VoiceReadyData
  readonly watch: WatchDraft
  readonly watched: Watched
}

/** Tests a store and a bus. */
export async function conform (t: Tester, newHistory: NewHistory): Promise<TestHistory> {
  storeConformance(t, 'my store', newHistory)
  busConformance(t, 'my bus', (): TestBackend => ({ open: localBus }))
  return newHistory(t)
}
