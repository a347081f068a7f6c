import { announce, byId } from './dom.js'
import { clock, life } from './words.js'
/** @import { Scene } from './words.js' */

const TITLE = document.title
const LONG = 60

/**
 * The large card: what is the case, and how long a phrase still lives.
 *
 * @param {() => number} now the server's time, in milliseconds: a phone's clock may be minutes off
 */
export function createStage (now) {
  const parts = { stage: byId('stage'), headline: byId('headline'), text: byId('text'), hint: byId('hint'), copy: byId('copy') }
  const bar = /** @type {HTMLProgressElement} */ (byId('bar'))
  let receivedAt = NaN
  let state = ''

  /** @type {Scene | undefined} */
  let shown

  /** @param {Scene} scene */
  function show (scene) {
    // A reconnect changes nothing: a reader must not hear it all again.
    if (scene === shown) return
    shown = scene
    parts.stage.dataset.kind = scene.kind
    parts.stage.dataset.life = state = ''
    parts.headline.textContent = scene.headline
    parts.text.textContent = scene.text
    parts.text.dataset.size = scene.text.length > LONG ? 'long' : ''
    // A browser that translates the page must not translate what is to be read aloud.
    parts.text.translate = !scene.copy
    parts.hint.textContent = scene.hint
    parts.copy.hidden = !scene.copy
    document.title = scene.kind === 'empty' ? TITLE : `${scene.headline} · ${TITLE}`
    announce(`${scene.headline}. ${scene.text}. ${scene.hint}`)
    receivedAt = Date.parse(scene.receivedAt ?? '')
    byId('life').hidden = Number.isNaN(receivedAt)
    tick()
  }

  function tick () {
    if (Number.isNaN(receivedAt)) return
    const ageMs = now() - receivedAt
    const left = life(ageMs)
    byId('age').textContent = `Age ${clock(ageMs)}`
    byId('left').textContent = left.words
    bar.value = left.seconds
    // A reader is told of the turns, not of every second.
    if (state && state !== left.state) announce(`The phrase is ${left.state === 'over' ? 'probably expired' : 'about to expire: one minute is left'}.`)
    if (left.state === 'over') parts.headline.textContent = 'Too late, probably'
    if (left.state === 'over') parts.hint.textContent = 'Ask for a new phrase with the regenerate call: it appears here.'
    parts.stage.dataset.life = state = left.state
  }

  setInterval(tick, 1000)
  return { show }
}
