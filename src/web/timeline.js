import { byId, element } from './dom.js'
/** @import { RelayEvent } from '../../schemas/event.ts' */

const MOST_ROWS = 200
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' })

/** The list of what has come over the stream, oldest first, so that nothing moves when a row is added. */
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
    const head = [element('time', { datetime: at.toISOString() }, time.format(at)), ' ', element('strong', {}, name), ' ']
    list.append(element('li', { 'data-kind': kind }, ...head, ...content))
    if (list.childElementCount > MOST_ROWS) list.firstElementChild?.remove()
    if (atEnd) list.scrollTop = list.scrollHeight
  }

  return {
    /**
     * Adds what the stream says of itself.
     *
     * @param {string} name
     * @param {string} words
     */
    note (name, words) {
      add(new Date(), name, 'note', element('span', {}, words))
    },

    /**
     * Adds an event, its data to be opened.
     *
     * @param {RelayEvent} event
     */
    event ({ id, event, data }) {
      const details = element('details', {}, element('summary', {}, 'data'), element('pre', {}, JSON.stringify(data, null, 2)))
      add(new Date(data.receivedAt), event, event, element('span', { title: 'event id' }, id), details)
    },

    clear () { list.replaceChildren() }
  }
}
