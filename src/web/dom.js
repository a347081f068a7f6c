/**
 * The element of an id that index.html has.
 *
 * @param {string} id
 */
export function byId (id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/**
 * Makes an element with text and children in it: data of callbacks never becomes markup.
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
 * Tells a screen reader, when it has finished what it says.
 *
 * @param {string} text
 */
export function announce (text) {
  byId('announcer').textContent = text
}

/**
 * Makes a button copy the text of an element, and say so.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} source
 */
export function copies (button, source) {
  const label = button.textContent
  button.addEventListener('click', async () => {
    const done = await copy(source)
    button.textContent = done ? 'Copied' : 'Selected'
    announce(done ? 'Copied' : 'Selected: copy it with your keyboard')
    setTimeout(() => { button.textContent = label }, 2000)
  })
}

/**
 * Copies; where the browser does not allow it, as over plain http, selects.
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
