import { byId } from '../dom.js'
import { forgetToken, hasToken, keepToken, Refused } from './api.js'
import { createPlots } from './plots.js'
import { showQuarantine } from './quarantine.js'
import { showRefusals } from './refusals.js'
import { showIncomplete, showLocked, showStatus, showUnreachable } from './status.js'
import { createTasks } from './tasks.js'
import { openTimelineOfUrl } from './timeline.js'

const POLL_MS = 2000
const TOKEN_REFUSED = [401, 429]

const needsToken = document.documentElement.dataset.token === 'yes'
/** @type {Array<() => Promise<void>>} */
let parts = []

/** Reads everything again. Returns whether the server has accepted the token. */
async function refresh () {
  // One after the other: a page must not take the connections of a browser from others.
  for (const show of [showStatus, ...parts]) {
    try {
      await show()
    } catch (error) {
      const { message } = /** @type {Error} */ (error)
      if (!(error instanceof Refused)) {
        showUnreachable(message)
        break
      }
      if (TOKEN_REFUSED.includes(error.status)) return lock(message)
      // The parts of this node are shown also while the store is unavailable.
      showIncomplete(message)
    }
  }
  return true
}

/** @param {string} [reason] */
function lock (reason) {
  forgetToken()
  byId('board').hidden = true
  byId('login').hidden = !needsToken
  if (reason) byId('login-hint').textContent = reason
  showLocked()
  byId('token').focus()
  return false
}

async function open () {
  byId('login').hidden = true
  byId('board').hidden = false
  if (parts.length === 0) {
    // A relay that may not read the package of the plots shows the rest.
    const plots = 'uPlot' in window ? [createPlots()] : []
    parts = [...plots, createTasks(), showQuarantine, showRefusals]
  }
  if (await refresh()) {
    openTimelineOfUrl()
    poll()
  }
}

/** Reads everything again while the page is visible. */
async function poll () {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (!document.hidden && !await refresh()) return
  }
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault()
  const field = /** @type {HTMLInputElement} */ (byId('token'))
  keepToken(field.value.trim())
  field.value = ''
  open()
})
addEventListener('hashchange', openTimelineOfUrl)

if (needsToken && !hasToken()) lock()
else open()
