import { byId } from '../dom.js'

const dialog = /** @type {HTMLDialogElement} */ (byId('dialog'))
let onClose = () => {}

/**
 * Shows content over the page.
 *
 * @param {string} title
 * @param {Node[]} content
 * @param {() => void} [closed] called when it is closed
 */
export function showDialog (title, content, closed = () => {}) {
  byId('dialog-title').textContent = title
  byId('dialog-body').replaceChildren(...content)
  byId('dialog-body').scrollTop = 0
  onClose = closed
  if (!dialog.open) dialog.showModal()
}

byId('close').addEventListener('click', () => { dialog.close() })
dialog.addEventListener('close', () => { onClose() })
// A click on the backdrop closes it.
dialog.addEventListener('click', ({ target }) => { if (target === dialog) dialog.close() })
