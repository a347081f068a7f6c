import { announce, byId, element } from '../dom.js'
import { act, get } from './api.js'
import { showDialog } from './dialog.js'
import { age, cell, replaceRows } from './lists.js'
import { formatBytes } from './words.js'

/** @typedef {{ id: number, at: string, step: string, reason: string, bytes: number }} Held */

const CONFIRM_MS = 4000

/** Shows the quarantine. */
export async function showQuarantine () {
  /** @type {{ callbacks: Held[] }} */
  const { callbacks } = await get('quarantine')
  replaceRows(byId('held-rows'), callbacks, () => callbacks.map(toRow))
  byId('held-note').textContent = callbacks.length === 0 ? 'Empty: every authentic callback could be read.' : ''
}

/** @param {Held} held */
function toRow ({ id, at, step, reason, bytes }) {
  return element('tr', {},
    cell('Id', String(id)), cell('Age', age(at)), cell('Step', step), cell('Size', formatBytes(bytes)),
    cell('Reason', reason), cell('', toActions(id)))
}

/** @param {number} id */
function toActions (id) {
  const named = (/** @type {string} */ verb) => element('button', {
    type: 'button', 'aria-label': `${verb} callback ${id}`
  }, verb)
  const [show, replay, drop] = [named('Show'), named('Replay'), named('Drop')]
  show.addEventListener('click', () => run(async () => { await showBody(id) }))
  replay.addEventListener('click', () => run(async () => {
    const { eventId, taskId, reason } = await act(`quarantine/${id}/replay`)
    say(eventId ? `Callback ${id} became event ${eventId} of task ${taskId}.` : `Callback ${id} stays: ${reason}`)
  }))
  drop.addEventListener('click', () => {
    if (!confirmed(drop, id)) return
    run(async () => {
      await act(`quarantine/${id}/drop`)
      say(`Callback ${id} is dropped.`)
    })
  })
  return element('span', { class: 'actions' }, show, replay, drop)
}

/**
 * Returns whether a button was pressed for the second time: a dropped callback is lost.
 *
 * @param {HTMLElement} button
 * @param {number} id
 */
function confirmed (button, id) {
  if (button.dataset.armed === 'yes') return true
  button.dataset.armed = 'yes'
  button.textContent = 'Drop for good?'
  button.setAttribute('aria-label', `Drop callback ${id} for good?`)
  setTimeout(() => {
    button.dataset.armed = 'no'
    button.textContent = 'Drop'
    button.setAttribute('aria-label', `Drop callback ${id}`)
  }, CONFIRM_MS)
  return false
}

/** @param {number} id */
async function showBody (id) {
  const { body, step, reason } = await get(`quarantine/${id}`)
  showDialog(`Callback ${id}, step ${step}`, [element('p', {}, reason), element('pre', {}, prettify(body))])
}

/** @param {string} body */
function prettify (body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

/** @param {() => Promise<void>} action */
async function run (action) {
  try {
    await action()
  } catch (error) {
    say(/** @type {Error} */ (error).message)
  }
  await showQuarantine().catch(() => {})
}

/** @param {string} text */
function say (text) {
  byId('held-result').textContent = text
  announce(text)
}
