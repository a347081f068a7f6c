import { byId, element } from './dom.js'
/** @import { RelayEvent } from '../../schemas/event.ts' */

const MAX_ROWS = 200
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' })

/**
 * Creates the list of what the stream sent, oldest first. An event that the stream replays is older than the opening of
 * the stream, and is listed before it.
 */
export function createTimeline () {
  const list = byId('events')
  /** Row of the opening of the stream. @type {Element | undefined} */
  let opening
  let replayed = 0

  /**
   * @param {Date} at
   * @param {string} name
   * @param {string} kind
   * @param {...Node} content
   */
  function createRow (at, name, kind, ...content) {
    const when = element('time', { datetime: at.toISOString() }, time.format(at))
    return element('li', { 'data-kind': kind }, when, ' ', element('strong', {}, name), ' ', ...content)
  }

  /**
   * @param {Element} row
   * @param {Element | undefined} next row before which it is added; undefined for the end
   */
  function add (row, next) {
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1
    list.insertBefore(row, next ?? null)
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
      add(createRow(new Date(), name, 'note', element('span', {}, words)), undefined)
    },

    /**
     * Adds the opening of a stream.
     *
     * @param {string} words
     * @param {number} count number of events that the stream replays next
     */
    addOpening (words, count) {
      opening = createRow(new Date(), 'subscribed', 'note', element('span', {}, words))
      replayed = count
      add(opening, undefined)
    },

    /** Counts an event of the stream that is on the page already. */
    skipEvent () { replayed-- },

    /**
     * Adds an event with its data, folded.
     *
     * @param {RelayEvent} event
     */
    addEvent ({ id, event, data }) {
      const json = element('pre', {}, JSON.stringify(data, null, 2))
      const details = element('details', {}, element('summary', {}, 'data'), json)
      const title = element('span', { title: 'event id' }, id)
      const row = createRow(new Date(data.receivedAt), event, event, title, details)
      add(row, replayed-- > 0 ? opening : undefined)
    },

    clear () { list.replaceChildren() }
  }
}
