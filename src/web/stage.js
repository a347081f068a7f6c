import { CLOCK_CHANGES, describeClock } from './clock.js'
import { announce, byId } from './dom.js'
import { CONNECTED_AGAIN, LOST } from './scenes.js'
import { sizeOf } from './words.js'
/** @import { Scene } from './scenes.js' */

const TITLE = document.title
// A restart of the server takes less: nothing changes for the person then.
const GONE_MS = 3000
/** @type {Array<'headline' | 'text' | 'hint'>} */
const FIELDS = ['headline', 'text', 'hint']

/**
 * Creates the large card with the state of the task, the time waited and the remaining life of a phrase.
 *
 * @param {() => number} now time of the server, in milliseconds: a phone's clock may be minutes off
 */
export function createStage (now) {
  const stage = byId('stage')
  const bar = /** @type {HTMLProgressElement} */ (byId('bar'))
  /** @type {Scene | undefined} */
  let scene
  /** The scene on the page: about the connection while that is lost. @type {Scene | undefined} */
  let shown
  /** @type {keyof typeof LOST | undefined} */
  let lost
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** State of the clock, as of the last tick. */
  let state = ''
  const speak = createSpeaker()

  function render () {
    const next = scene && lost ? whileLost(scene, lost) : scene
    // After a reconnect nothing has changed.
    if (!next || (shown && isSame(next, shown))) return
    shown = next
    stage.dataset.kind = next.kind
    stage.dataset.lost = lost ? 'yes' : 'no'
    for (const name of FIELDS) byId(name).textContent = next[name]
    byId('text').dataset.size = sizeOf(next.text)
    // A browser that translates the page must not translate a phrase.
    byId('text').translate = !next.copy
    byId('copy').hidden = !next.copy
    bar.hidden = byId('estimate').hidden = !next.receivedAt
    document.title = next.kind === 'empty' ? TITLE : `${next.headline} · ${TITLE}`
    state = ''
    tick()
    speak(next, lost !== undefined)
  }

  function tick () {
    if (!shown) return
    const clock = describeClock(shown, now())
    byId('clock').textContent = clock.words
    byId('age').textContent = clock.age
    bar.value = clock.seconds
    stage.dataset.clock = clock.state
    const change = clock.state === state ? undefined : CLOCK_CHANGES.get(clock.state)
    if (change?.headline) byId('headline').textContent = change.headline
    if (change && !lost) byId('hint').textContent = change.hint ?? [shown.hint, change.more].join(' ').trim()
    // Announce changes of state, not each second.
    if (change && state) announce(change.spoken)
    state = clock.state
  }

  /** @param {keyof typeof LOST | undefined} value */
  function setLost (value) {
    clearTimeout(timer)
    timer = undefined
    lost = value
    render()
  }

  setInterval(tick, 1000)
  return {
    /** @param {Scene} value */
    show (value) {
      scene = value
      render()
    },

    /** @param {'none' | 'connecting' | 'live' | 'reconnecting' | 'offline'} connection */
    setConnection (connection) {
      if (connection === 'offline') setLost('offline')
      else if (connection !== 'reconnecting') setLost(undefined)
      else if (lost !== 'gone') timer ??= setTimeout(() => { setLost('gone') }, GONE_MS)
    }
  }
}

/**
 * Returns what the stage shows of a scene while the connection is lost. A result stays, with another hint.
 *
 * @param {Scene} scene
 * @param {keyof typeof LOST} lost
 * @returns {Scene}
 */
function whileLost (scene, lost) {
  const { text, hint } = LOST[lost]
  return ['ready', 'voice', 'failed'].includes(scene.kind) ? { ...scene, hint: `${text}. ${hint}` } : LOST[lost]
}

/** Creates a function that announces what changed for the person: not the connection, and nothing twice. */
function createSpeaker () {
  /** @type {Scene | undefined} */
  let last
  /** The scene from before the connection was lost. @type {Scene | undefined} */
  let before

  /**
   * @param {Scene} scene
   * @param {boolean} isLost
   */
  return (scene, isLost) => {
    if (scene.quiet) return
    const isBack = before && !isLost && isSame(scene, before)
    const words = FIELDS.filter((name) => scene[name] !== last?.[name]).map((name) => scene[name])
    announce(isBack ? CONNECTED_AGAIN : words.join('. '))
    before = isLost ? before ?? last : undefined
    last = scene
  }
}

/**
 * Whether two scenes look the same.
 *
 * @param {Scene} one
 * @param {Scene} other
 */
function isSame (one, other) {
  return JSON.stringify(one) === JSON.stringify(other)
}
