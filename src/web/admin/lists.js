import { element } from '../dom.js'
import { formatAge } from './words.js'

/**
 * Returns a cell of a table. On a narrow screen its label stands next to it.
 *
 * @param {string} label
 * @param {...(string | Node)} content
 */
export function cell (label, ...content) {
  return element('td', { 'data-label': label }, ...content)
}

/**
 * Returns the age of a time, with the time itself as its title.
 *
 * @param {string} iso
 */
export function age (iso) {
  const title = new Date(iso).toLocaleString()
  return element('time', { datetime: iso, title }, formatAge(Date.now() - Date.parse(iso)))
}

/**
 * Replaces the rows of a table, unless they are the same. A person may have the focus on a button, or a row selected.
 *
 * @param {HTMLElement} table
 * @param {unknown} data data of the rows, as JSON
 * @param {() => Node[]} makeRows
 */
export function replaceRows (table, data, makeRows) {
  const text = JSON.stringify(data)
  if (table.dataset.shown === text) {
    for (const time of table.querySelectorAll('time')) {
      time.textContent = formatAge(Date.now() - Date.parse(time.dateTime))
    }
    return
  }
  table.dataset.shown = text
  table.replaceChildren(...makeRows())
}
