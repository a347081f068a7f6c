import { byId, copies } from './dom.js'
import { sampleId, sendSample } from './sample.js'
import { createStage } from './stage.js'
import { createTimeline } from './timeline.js'
import { watch } from './watch.js'
import { describe, describeNote, SCENES, snippets } from './words.js'

const TASK_ID = /^[A-Za-z0-9._:-]{1,128}$/
// Path segments of dots alone mean another path.
const DOTS = /^\.{1,2}$/
const HIDDEN_MS = 30_000
const CLOCK_MS = 2000
const STATES = { none: 'Not connected', connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline' }

const { sample, tickets } = document.documentElement.dataset
const taskField = /** @type {HTMLInputElement} */ (byId('task'))
const ticketField = /** @type {HTMLInputElement} */ (byId('ticket'))
const stage = createStage(() => Date.now() + offsetMs)
const timeline = createTimeline()

/** How far the server's clock is ahead of this one. */
let offsetMs = 0
/** @type {ReturnType<typeof watch> | undefined} */
let current
/** Ids of the events that are shown: one that comes again is not shown again. */
let seen = new Set()
/** What the newest event says. */
let latest = SCENES.waiting
let onLive = () => {}
let started = false

/** @param {keyof typeof STATES} state */
function setConnection (state) {
  const connection = byId('connection')
  connection.dataset.state = state
  connection.textContent = STATES[state]
}

function taskInUrl () {
  return new URLSearchParams(location.search).get('task') ?? location.hash.slice(1)
}

/** Watches the task that the URL names. */
function start () {
  started = true
  const taskId = taskInUrl()
  // A fresh ticket for the same task goes on where the last one ended.
  const cursor = current?.taskId === taskId ? current.cursor : ''
  current?.close()
  onLive = () => {}
  setConnection('none')
  if (!cursor) clear()
  const valid = TASK_ID.test(taskId) && !DOTS.test(taskId)
  // What is not a task id must not get into code that someone copies.
  showCode(valid ? taskId : 'TASK_ID')
  if (taskId === '') stage.show(sample === 'yes' ? SCENES.sample : SCENES.empty)
  else if (valid) follow(taskId, cursor)
  else stage.show(SCENES.invalid)
}

function clear () {
  current = undefined
  seen = new Set()
  latest = SCENES.waiting
  timeline.clear()
}

/**
 * @param {string} taskId
 * @param {string} cursor
 */
function follow (taskId, cursor) {
  setConnection('connecting')
  if (seen.size === 0) stage.show(SCENES.connecting)
  current = watch(taskId, ticketField.value.trim(), cursor, {
    state (state) { setConnection(state === 'live' || navigator.onLine ? state : 'offline') },

    refused (status) {
      setConnection('none')
      stage.show(status === 403 ? SCENES.notYours : SCENES.ticket)
      ticketField.focus()
    },

    note (name, data) {
      timeline.note(name, describeNote(name, data))
      if (name !== 'subscribed') return
      if (data.replayed === 0) stage.show(latest)
      onLive()
    },

    event (event) {
      if (seen.has(event.id)) return
      seen.add(event.id)
      timeline.event(event)
      latest = describe(event.event, event.data)
      stage.show(latest)
    }
  })
}

/** @param {string} taskId */
function showCode (taskId) {
  const base = new URL('.', location.href).href
  for (const [name, text] of Object.entries(snippets(base, taskId, tickets === 'yes'))) byId(name).textContent = text
}

/** Shows what the URL names, after it has changed. */
function arrive () {
  taskField.value = taskInUrl()
  start()
}

/** @param {string} taskId */
function go (taskId) {
  if (taskId !== taskInUrl()) history.pushState(null, '', `?task=${encodeURIComponent(taskId)}`)
  arrive()
}

/** Shows the whole way: watches a task, then posts the callback for it. */
async function trySample () {
  const taskId = taskField.value.trim() || sampleId()
  try {
    go(taskId)
    await new Promise((resolve) => { onLive = () => { resolve(undefined) } })
    await sendSample(taskId)
  } catch (error) {
    stage.show({ kind: 'failed', headline: 'No sample', text: 'The sample was not sent', hint: /** @type {Error} */ (error).message })
  }
}

/** Reads the server's clock off any answer. */
async function readClock () {
  const { headers } = await fetch('healthz', { cache: 'no-store', signal: AbortSignal.timeout(CLOCK_MS) })
  offsetMs = Date.parse(headers.get('date') ?? '') - Date.now() || 0
}

byId('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  go(taskField.value.trim())
})
byId('sample').addEventListener('click', trySample)
copies(byId('copy'), byId('text'))
for (const button of document.querySelectorAll('[data-copy]')) copies(/** @type {HTMLElement} */ (button), byId(/** @type {HTMLElement} */ (button).dataset.copy ?? ''))

addEventListener('popstate', arrive)
addEventListener('offline', () => { if (current) setConnection('offline') })
addEventListener('online', () => { current?.reopen() })

// After a sleep a connection can be dead without a word.
let hiddenAt = 0
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hiddenAt = Date.now()
  else if (Date.now() - hiddenAt > HIDDEN_MS) current?.reopen()
})

taskField.value = taskInUrl()
// Before the stream: over HTTP/1.1 a stream may hold the last connection that the browser has for this server.
await readClock().catch(() => {})
// Whoever was quicker than the clock has started already, or is about to: what is in the field stays.
if (!started) start()
