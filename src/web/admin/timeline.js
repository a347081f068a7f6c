import { element } from '../dom.js'
import { get } from './api.js'
import { showDialog } from './dialog.js'
import { age } from './lists.js'
import { describeEvent, STAGES, STATES } from './words.js'
/** @import { Timeline } from '../../../schemas/admin.ts' */

const clock = new Intl.DateTimeFormat([], { timeStyle: 'medium', hourCycle: 'h23' })
const TASK_ID = /^[A-Za-z0-9._:-]{1,128}$/

/**
 * Shows what has happened to a task. The URL names the task, so that it can be passed on.
 *
 * @param {string} taskId
 */
export async function openTimeline (taskId) {
  const closed = () => { history.replaceState(null, '', location.pathname) }
  if (!TASK_ID.test(taskId)) {
    showDialog('Task', [element('p', {}, 'Not a task id: 1 to 128 characters of A-Z a-z 0-9 . _ : -')])
    return
  }
  history.replaceState(null, '', `#task=${taskId}`)
  try {
    showDialog(taskId, await readTimeline(taskId), closed)
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    showDialog(taskId, [element('p', {}, message)], closed)
  }
}

/** Shows the task that the URL names, if it names one. */
export function openTimelineOfUrl () {
  const [, taskId] = /^#task=(.+)$/.exec(location.hash) ?? []
  if (taskId) openTimeline(decodeURIComponent(taskId))
}

/** @param {string} taskId */
async function readTimeline (taskId) {
  /** @type {Timeline} */
  const { state, submissions, events, lastEventId } = await get(`tasks/${taskId}`)
  const list = element('ol', { class: 'timeline' }, ...events.map(toItem))
  const nodes = [element('p', {}, 'State: ', toState(state))]
  if (submissions.length > 0) nodes.push(element('ul', { class: 'submissions' }, ...submissions.map(toSubmission)))
  nodes.push(list)
  if (events.length === 0) nodes.push(element('p', { class: 'note' }, 'No events yet.'))
  if (lastEventId !== null && events.at(-1)?.id !== lastEventId) nodes.push(createMore(taskId, list, lastEventId))
  return nodes
}

/**
 * Returns a button that adds later events.
 *
 * @param {string} taskId
 * @param {HTMLElement} list
 * @param {string} lastEventId
 */
function createMore (taskId, list, lastEventId) {
  const button = element('button', { type: 'button' }, 'Later events')
  button.addEventListener('click', async () => {
    const after = list.lastElementChild?.getAttribute('data-id') ?? ''
    /** @type {Timeline} */
    const { events } = await get(`tasks/${taskId}?after=${encodeURIComponent(after)}`)
    list.append(...events.map(toItem))
    button.hidden = events.length === 0 || events.at(-1)?.id === lastEventId
  })
  return button
}

/** @param {string} state */
function toState (state) {
  return element('strong', { class: 'state', 'data-state': state }, STATES.get(state) ?? state)
}

/** @param {Timeline['submissions'][number]} submission */
function toSubmission ({ step, stage, submittedAt, asked }) {
  const questions = asked === 0 ? '' : `, asked ${asked} times`
  const words = `${STAGES.get(stage) ?? stage}${questions}, submitted `
  return element('li', {}, element('strong', {}, step), ' ', words, age(submittedAt), ' ago')
}

/** @param {Timeline['events'][number]} event */
function toItem ({ id, event, data }) {
  const { receivedAt, step } = data
  const when = element('time', { datetime: receivedAt }, clock.format(new Date(receivedAt)))
  const json = element('pre', { tabindex: '0' }, JSON.stringify(data, null, 2))
  const facts = element('span', { class: 'note' }, [step, describeEvent(data)].filter(Boolean).join(' · '))
  const details = element('details', {}, element('summary', {}, 'data of ', element('code', {}, id)), json)
  const name = element('strong', {}, event)
  return element('li', { 'data-id': id, 'data-event': event }, when, ' ', name, ' ', facts, details)
}
