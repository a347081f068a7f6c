import { addCopyButton, byId, showLines } from './dom.js'
import { createSampleId, sendSample } from './sample.js'
import { SCENES } from './scenes.js'
import { describeCallback, snippets } from './snippets.js'
import { createStage } from './stage.js'
import { submitRecording } from './submit.js'
import { createTaskScene } from './task-scene.js'
import { createTimeline } from './timeline.js'
import { watch } from './watch.js'
import { describeNote, describeProblem } from './words.js'

const TASK_ID = /^[A-Za-z0-9._:-]{1,128}$/
// Browsers resolve path segments of dots: the request would go to another path.
const DOTS = /^\.{1,2}$/
const MAX_HIDDEN_MS = 30_000
const CLOCK_TIMEOUT_MS = 2000
const STATES = {
  none: 'Not connected',
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline'
}

const { sample, submit, tickets, tokens, public: publicUrl = '' } = document.documentElement.dataset
const taskField = /** @type {HTMLInputElement} */ (byId('task'))
const ticketField = /** @type {HTMLInputElement} */ (byId('ticket'))
/** How far the server's clock is ahead of this one. */
let offsetMs = 0
const serverTime = () => Date.now() + offsetMs
const stage = createStage(serverTime)
const timeline = createTimeline()

/** @type {ReturnType<typeof watch> | undefined} */
let current
/** Ids of the events on the page, to skip one that arrives again. */
let seen = new Set()
let scene = createTaskScene(serverTime)
let onLive = () => {}
let started = false

/** @param {keyof typeof STATES} state */
function setConnection (state) {
  const connection = byId('connection')
  connection.dataset.state = state
  connection.textContent = STATES[state]
  stage.setConnection(state)
}

function taskInUrl () {
  return new URLSearchParams(location.search).get('task') ?? location.hash.slice(1)
}

/** Watches the task in the URL. */
function start () {
  started = true
  const taskId = taskInUrl()
  // After a new ticket for the same task, resume where the old one expired.
  const cursor = current?.taskId === taskId ? current.cursor : ''
  current?.close()
  current = undefined
  onLive = () => {}
  setConnection('none')
  if (!cursor) clear()
  const valid = TASK_ID.test(taskId) && !DOTS.test(taskId)
  // An invalid task id must not get into code that people copy.
  showCode(valid ? taskId : 'TASK_ID')
  if (taskId === '') stage.show(SCENES[submit === 'yes' ? 'submit' : sample === 'yes' ? 'sample' : 'empty'])
  else if (valid) follow(taskId, cursor)
  else stage.show(SCENES.invalid)
}

function clear () {
  seen = new Set()
  scene = createTaskScene(serverTime)
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
    onState (state) { setConnection(state === 'live' || navigator.onLine ? state : 'offline') },

    onRefused (status) {
      setConnection('none')
      stage.show(status === 403 ? SCENES.otherTask : SCENES.ticket)
      ticketField.focus()
    },

    onNote (name, data) {
      if (data.reason === 'erased') clear()
      if (name !== 'subscribed') return timeline.addNote(name, describeNote(name, data))
      timeline.addOpening(describeNote(name, data), data.replayed)
      const now = scene.subscribe(data)
      // Otherwise the events that follow say more.
      if (data.replayed === 0 || data.submittedAt) stage.show(now)
      onLive()
    },

    onEvent (event) {
      if (seen.has(event.id)) return timeline.skipEvent()
      seen.add(event.id)
      timeline.addEvent(event)
      const now = scene.apply(event)
      if (now) stage.show(now)
    }
  })
}

/** @param {string} taskId */
function showCode (taskId) {
  const base = new URL('.', location.href).href
  const setup = { tickets: tickets === 'yes', tokens: tokens === 'yes', publicUrl }
  const code = snippets(base, taskId, setup)
  for (const [name, text] of Object.entries(code)) showLines(byId(name), text)
  byId('reach').textContent = describeCallback(code.validate, setup.tokens)
}

/** Updates the page after the URL has changed. */
function showFromUrl () {
  taskField.value = taskInUrl()
  start()
}

/** @param {string} taskId */
function navigate (taskId) {
  if (taskId !== taskInUrl()) history.pushState(null, '', `?task=${encodeURIComponent(taskId)}`)
  showFromUrl()
}

/** Watches a task, then posts a sample callback for it. */
async function trySample () {
  const taskId = taskField.value.trim() || createSampleId()
  try {
    navigate(taskId)
    await new Promise((resolve) => { onLive = () => { resolve(undefined) } })
    await sendSample(taskId)
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    stage.show({ kind: 'failed', headline: 'No sample', text: 'The sample was not sent', hint: message })
  }
}

/** Submits the recording, then watches its task. */
async function askSuno () {
  const button = /** @type {HTMLButtonElement} */ (byId('submit'))
  button.disabled = true
  stage.show(SCENES.submitting)
  try {
    const { taskId, ticket } = await submitRecording(/** @type {HTMLInputElement} */ (byId('recording')).value)
    if (ticket) ticketField.value = ticket
    navigate(taskId)
  } catch (error) {
    const { code, message } = /** @type {Error & { code: string }} */ (error)
    stage.show(describeProblem(code, message))
  }
  button.disabled = false
}

/** Measures how far the server's clock is ahead, from the date of a response. */
async function readClock () {
  const { headers } = await fetch('healthz', { cache: 'no-store', signal: AbortSignal.timeout(CLOCK_TIMEOUT_MS) })
  offsetMs = Date.parse(headers.get('date') ?? '') - Date.now() || 0
}

byId('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  navigate(taskField.value.trim())
})
byId('sample').addEventListener('click', trySample)
byId('submission').addEventListener('submit', (event) => {
  event.preventDefault()
  askSuno()
})
addCopyButton(byId('copy'), byId('text'))
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-copy]'))) {
  addCopyButton(button, byId(button.dataset.copy ?? ''))
}

addEventListener('popstate', showFromUrl)
addEventListener('offline', () => { if (current) setConnection('offline') })
addEventListener('online', () => { current?.reopen() })

// A connection can die during sleep without an error event.
let hiddenAt = 0
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hiddenAt = Date.now()
  else if (Date.now() - hiddenAt > MAX_HIDDEN_MS) current?.reopen()
})

taskField.value = taskInUrl()
// Before the stream: on HTTP/1.1 a stream may take the browser's last connection to this server.
await readClock().catch(() => {})
// A person may have started a watch, or typed a task id, in the meantime: keep it.
if (!started) start()
