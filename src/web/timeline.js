import { byId, element } from './dom.js'
/** @import { RelayEvent } from '../../schemas/event.ts' */

const MAX_ROWS = 200
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' })

/** Creates the list of what the stream sent. Oldest first, so that rows do not move when one is added. */
export function createTimeline () {
  const list = byId('events')

  /**
   * @param {Date} at
   * @param {string} name
   * @param {string} kind
   * @param {...Node} content
   */
  function add (at, name, kind, ...content) {
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1
    const when = element('time', { datetime: at.toISOString() }, time.format(at))
    list.append(element('li', { 'data-kind': kind }, when, ' ', element('strong', {}, name), ' ', ...content))
    if (list.childElementCount > MAX_ROWS) list.firstElementChild?.remove()
    if (atEnd) list.scrollTop = list.scrollHeight
  }

  return {
    /**
     * Adds a message of the stream about itself.
     *
     * @param {string} name
     * @param {string} words
     */
    addNote (name, words) {
      add(new Date(), name, 'note', element('span', {}, words))
    },

    /**
     * Adds an event with its data, folded.
     *
     * @param {RelayEvent} event
     */
    addEvent ({ id, event, data }) {
      const json = element('pre', {}, JSON.stringify(data, null, 2))
      const details = element('details', {}, element('summary', {}, 'data'), json)
      add(new Date(data.receivedAt), event, event, element('span', { title: 'event id' }, id), details)
    },

    clear () { list.replaceChildren() }
  }
}
