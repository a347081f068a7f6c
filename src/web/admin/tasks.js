import { byId, element } from '../dom.js'
import { get } from './api.js'
import { age, cell, replaceRows } from './lists.js'
import { openTimeline } from './timeline.js'
import { formatAge, STATES } from './words.js'
/** @import { TaskListAnswer } from '../../../schemas/admin.ts' */

const EMPTY = new Map([
  ['', 'No tasks yet.'],
  ['waiting', 'No task waits.'],
  ['overdue', 'No task is overdue.'],
  ['failed', 'No task has failed.'],
  ['ready', 'No task has a phrase or a voice.']
])

/** Shows the list of tasks. Returns a function that reads its start again. */
export function createTasks () {
  let group = ''
  /** @type {TaskListAnswer['tasks']} */
  let older = []
  /** @type {string | null} */
  let next = null
  let isPaging = false

  /** @param {string | null} before */
  async function read (before) {
    const query = new URLSearchParams({ ...group && { group }, ...before && { before } })
    /** @type {TaskListAnswer} */
    const answer = await get(`tasks?${query}`)
    return answer
  }

  /** @param {TaskListAnswer} answer */
  function show ({ tasks, readTo }) {
    const all = [...older, ...tasks]
    replaceRows(byId('task-rows'), all, () => all.map(toRow))
    byId('more').hidden = next === null
    byId('task-note').textContent = describe(all.length, readTo)
  }

  /**
   * @param {number} count
   * @param {string | null} readTo
   */
  function describe (count, readTo) {
    const isEnd = next === null || readTo === null
    if (isEnd) return count === 0 ? EMPTY.get(group) ?? '' : ''
    const reach = formatAge(Date.now() - Date.parse(readTo))
    return count === 0 ? `None among the tasks of the last ${reach}.` : `Tasks of the last ${reach}.`
  }

  async function refresh () {
    // The list of a person who reads older tasks must not move.
    if (isPaging) return
    const asked = group
    const answer = await read(null)
    if (asked !== group || isPaging) return
    next = answer.next
    show(answer)
  }

  async function showMore () {
    isPaging = true
    const shown = byId('task-rows').dataset.shown ?? '[]'
    const answer = await read(next)
    older = JSON.parse(shown)
    next = answer.next
    show(answer)
  }

  /** @param {string} name */
  async function select (name) {
    group = name
    older = []
    isPaging = false
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.group === name))
    await refresh()
  }

  const buttons = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-group]'))
  for (const button of buttons) {
    button.addEventListener('click', () => { select(button.dataset.group ?? '').catch(() => {}) })
  }
  byId('more').addEventListener('click', () => { showMore().catch(() => {}) })
  byId('find').addEventListener('submit', (event) => {
    event.preventDefault()
    openTimeline(/** @type {HTMLInputElement} */ (byId('task')).value.trim())
  })
  return refresh
}

/** @param {TaskListAnswer['tasks'][number]} task */
function toRow ({ taskId, state, step, submittedAt, updatedAt }) {
  const button = element('button', { type: 'button', class: 'link' }, taskId)
  button.addEventListener('click', () => { openTimeline(taskId) })
  const words = element('span', { class: 'state', 'data-state': state }, STATES.get(state) ?? state)
  return element('tr', {},
    cell('Task', button), cell('State', words), cell('Step', step ?? '–'), cell('Age', age(submittedAt ?? updatedAt)))
}
