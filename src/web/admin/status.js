import { byId } from '../dom.js'
import { get } from './api.js'
import { showNodes } from './nodes.js'
import { formatAge, formatBytes, formatCount } from './words.js'
/** @import { Status } from '../../../schemas/admin.ts' */

/** Shows whether the relay is ready, and its numbers. */
export async function showStatus () {
  /** @type {Status} */
  const status = await get('status')
  const { version, now, ready, reason, node, store } = status
  setReady(ready ? 'yes' : 'no', ready ? `Ready · ${version}` : `Not ready · ${version}`)
  showTrouble(reason)
  show('waiting', formatCount(store.expected === null ? null : store.expected - (store.overdue ?? 0)))
  show('overdue', formatCount(store.overdue))
  show('quarantined', formatCount(store.quarantined))
  // Without any number the store is unavailable.
  show('bytes', store.quarantined === null && store.bytes === null ? 'unknown' : formatBytes(store.bytes))
  show('streams', formatCount(node.streams))
  show('uptime', formatAge(Date.parse(now) - Date.parse(node.startedAt)))
  show('node', `${node.name}, ${node.runtime}`)
  showNodes(status)
  setAlarm('overdue', (store.overdue ?? 0) > 0)
  setAlarm('quarantined', (store.quarantined ?? 0) > 0)
}

/**
 * Shows that the server does not answer.
 *
 * @param {string} reason
 */
export function showUnreachable (reason) {
  setReady('no', 'Unreachable')
  showTrouble(`The server does not answer: ${reason}. What follows is the last that it said.`)
}

/**
 * Shows that the server has refused a part, if it has not said yet why.
 *
 * @param {string} reason
 */
export function showIncomplete (reason) {
  if (byId('trouble').hidden) showTrouble(`The page is incomplete: ${reason}`)
}

/** Shows that a token is needed. */
export function showLocked () {
  setReady('none', 'Locked')
}

/**
 * @param {string} state
 * @param {string} text
 */
function setReady (state, text) {
  const ready = byId('ready')
  ready.dataset.state = state
  if (ready.textContent !== text) ready.textContent = text
}

/** @param {string | null} text */
function showTrouble (text) {
  const trouble = byId('trouble')
  trouble.hidden = text === null
  if (trouble.textContent !== text) trouble.textContent = text
}

/**
 * @param {string} id
 * @param {string} text
 */
function show (id, text) {
  byId(id).textContent = text
}

/**
 * @param {string} id
 * @param {boolean} isOn
 */
function setAlarm (id, isOn) {
  const { dataset } = /** @type {HTMLElement} */ (byId(id).parentElement)
  dataset.alarm = isOn ? 'yes' : 'no'
}
