import { byId, element } from '../dom.js'
import { get } from './api.js'
import { age, cell, replaceRows } from './lists.js'
import { formatCount, REFUSALS } from './words.js'

/**
 * @typedef {{ code: string, step: string | null, path: string | null, reason: string | null, count: number,
 *   lastAt: string, addresses: string[] }} Refusal
 */

/** Shows the last kinds of refused callbacks. */
export async function showRefusals () {
  /** @type {{ refusals: Refusal[] }} */
  const { refusals } = await get('refusals')
  replaceRows(byId('refusal-rows'), refusals, () => refusals.map(toRow))
  byId('refusal-note').textContent = refusals.length === 0 ? 'None.' : ''
}

/** @param {Refusal} refusal */
function toRow ({ code, step, path, reason, count, lastAt, addresses }) {
  const words = reason ?? REFUSALS.get(code)
  return element('tr', {},
    cell('Last', age(lastAt)), cell('Times', formatCount(count)),
    cell('Reason', element('code', {}, code), words ? ` ${words}` : ''),
    cell('Path or step', path ?? step ?? '–'), cell('From', addresses.join(', ') || '–'))
}
