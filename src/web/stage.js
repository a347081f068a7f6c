import { announce, byId } from './dom.js'
import { formatDuration, remainingLife } from './words.js'
/** @import { Scene } from './scenes.js' */

const TITLE = document.title
const LONG_TEXT = 60
const NEW_PHRASE = 'Request a new phrase with the regenerate call. It appears here.'
const EXPIRES_SOON = 'The phrase expires in about one minute.'
const EXPIRED = 'The phrase has probably expired.'

/**
 * Creates the large card with the state of the task and the remaining life of a phrase.
 *
 * @param {() => number} now time of the server, in milliseconds: a phone's clock may be minutes off
 */
export function createStage (now) {
  const parts = {
    stage: byId('stage'),
    headline: byId('headline'),
    text: byId('text'),
    hint: byId('hint'),
    copy: byId('copy')
  }
  const bar = /** @type {HTMLProgressElement} */ (byId('bar'))
  let receivedAt = NaN
  let since = NaN
  let state = ''

  /** @type {Scene | undefined} */
  let shown

  /** @param {Scene} scene */
  function show (scene) {
    // After a reconnect nothing has changed, and a screen reader must not repeat it.
    if (shown && isSame(scene, shown)) return
    shown = scene
    parts.stage.dataset.kind = scene.kind
    parts.stage.dataset.life = state = ''
    parts.headline.textContent = scene.headline
    parts.text.textContent = scene.text
    parts.text.dataset.size = scene.text.length > LONG_TEXT ? 'long' : ''
    // A browser that translates the page must not translate a phrase.
    parts.text.translate = !scene.copy
    parts.hint.textContent = scene.hint
    parts.copy.hidden = !scene.copy
    document.title = scene.kind === 'empty' ? TITLE : `${scene.headline} · ${TITLE}`
    announce(`${scene.headline}. ${scene.text}. ${scene.hint}`)
    since = Date.parse(scene.since ?? '')
    receivedAt = Date.parse(scene.receivedAt ?? '')
    byId('life').hidden = Number.isNaN(receivedAt)
    tick()
  }

  function tick () {
    if (shown && !Number.isNaN(since)) {
      parts.headline.textContent = `${shown.headline}, ${formatDuration(now() - since)}`
    }
    if (Number.isNaN(receivedAt)) return
    const ageMs = now() - receivedAt
    const life = remainingLife(ageMs)
    byId('age').textContent = `Age ${formatDuration(ageMs)}`
    byId('left').textContent = life.words
    bar.value = life.seconds
    // Announce changes of state, not each second.
    if (state && state !== life.state) announce(life.state === 'over' ? EXPIRED : EXPIRES_SOON)
    if (life.state === 'over') parts.headline.textContent = 'Probably expired'
    if (life.state === 'over') parts.hint.textContent = NEW_PHRASE
    parts.stage.dataset.life = state = life.state
  }

  setInterval(tick, 1000)
  return { show }
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
