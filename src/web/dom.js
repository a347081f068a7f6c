/**
 * Returns an element of index.html by its id.
 *
 * @param {string} id
 */
export function byId (id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/**
 * Creates an element. Its content is added as text or nodes, so data of callbacks never becomes markup.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(string | Node)} content
 */
export function element (tag, attributes, ...content) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...content)
  return node
}

/**
 * Shows a text in lines that can wrap, each in an element of its own. The text stays the same for copying.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function showLines (target, text) {
  target.replaceChildren(...text.split(/(?<=\n)/).map((line) => element('span', { class: 'line' }, line)))
}

/**
 * Announces a text to screen readers, without interrupting them.
 *
 * @param {string} text
 */
export function announce (text) {
  byId('announcer').textContent = text
}

/**
 * Makes a button copy the text of an element and confirm it.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} source
 */
export function addCopyButton (button, source) {
  const label = button.textContent
  button.addEventListener('click', async () => {
    const copied = await copy(source)
    button.textContent = copied ? 'Copied' : 'Selected'
    announce(copied ? 'Copied' : 'Selected: copy it with your keyboard')
    setTimeout(() => { button.textContent = label }, 2000)
  })
}

/**
 * Copies the text of an element. Where the browser denies it, as on plain http, selects the text and returns false.
 *
 * @param {HTMLElement} source
 */
async function copy (source) {
  try {
    await navigator.clipboard.writeText(source.textContent)
    return true
  } catch {
    getSelection()?.selectAllChildren(source)
    return false
  }
}
