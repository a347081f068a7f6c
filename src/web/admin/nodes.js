import { byId, element } from '../dom.js'
import { cell } from './lists.js'
import { formatAge, formatCount } from './words.js'
/** @import { Status } from '../../../schemas/admin.ts' */

/**
 * Shows the nodes of a fleet, and which numbers are of all of them. Without a fleet, the page is about this node alone.
 *
 * @param {Status} status
 */
export function showNodes ({ nodes, now }) {
  byId('nodes').hidden = nodes === null
  if (nodes === null) return
  for (const scope of document.querySelectorAll('[data-scope]')) scope.textContent = 'whole fleet'
  byId('bytes-scope').textContent = 'memory of the Redis server'
  const streams = nodes.reduce((sum, node) => sum + node.streams, 0)
  byId('streams-scope').textContent = `this node; ${nodes.length === 0 ? 'unknown' : formatCount(streams)} in the fleet`
  byId('node-rows').replaceChildren(...nodes.map((node) => toRow(node, Date.parse(now))))
  byId('node-note').textContent = nodes.length === 0 ? 'Unknown while Redis is unavailable.' : ''
}

/**
 * @param {NonNullable<Status['nodes']>[number]} node
 * @param {number} now
 */
function toRow ({ name, version, runtime, startedAt, streams, ageMs, isOwn }, now) {
  return element('tr', {},
    cell('Node', element('strong', {}, name), isOwn ? ' this node' : ''), cell('Version', `${version}, ${runtime}`),
    cell('Open streams', formatCount(streams)), cell('Running for', formatAge(now - Date.parse(startedAt))),
    cell('Heard', isOwn ? 'now' : `${formatAge(ageMs)} ago`))
}
