/**
 * Settings of the server that the code on the page depends on.
 *
 * @typedef {object} Setup
 * @property {boolean} tickets whether a ticket is required; the code then has a placeholder, never the ticket itself
 * @property {boolean} tokens whether callbacks need a token; their URLs then have a placeholder
 * @property {string} publicUrl public URL of the relay, without a slash at the end; empty if it is not set
 */

/**
 * Returns code that does what the page does, with the real URLs.
 *
 * @param {string} base URL of the page, up to its last slash
 * @param {string} taskId
 * @param {Setup} setup
 */
export function snippets (base, taskId, { tickets, tokens, publicUrl }) {
  const url = `${base}events/${taskId}`
  const browserUrl = tickets ? `\`${url}?ticket=\${ticket}\`` : `'${url}'`
  return {
    browser: `const url = ${browserUrl}
const source = new EventSource(url)

source.addEventListener('phrase-ready', ({ data }) => {
  const { validateInfo, receivedAt } = JSON.parse(data)
  console.log(validateInfo, receivedAt)
})
source.addEventListener('phrase-failed', ({ data }) => {
  console.log(JSON.parse(data).errorMessage)
})`,
    shell: `curl -N ${tickets ? '-H "Authorization: Bearer $TICKET" ' : ''}${url}`,
    ...callbackUrls(publicUrl ? `${publicUrl}/` : base, tokens)
  }
}

/**
 * @param {string} base
 * @param {boolean} tokens
 */
function callbackUrls (base, tokens) {
  /** @param {string} step */
  const url = (step) => `${base}callback/${step}${tokens ? `?token=${TOKEN}` : ''}`
  return { validate: url('validate'), regenerate: url('regenerate'), generate: url('generate') }
}

const TOKEN = 'CALLBACK_TOKEN'
const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/

/**
 * Says what is missing before Suno can use a callback URL; empty if nothing is.
 *
 * @param {string} url
 * @param {boolean} tokens whether callbacks need a token
 */
export function describeCallback (url, tokens) {
  const token = tokens ? `Replace ${TOKEN} by one of the tokens in the setting CALLBACK_TOKENS. ` : ''
  const reach = LOCAL.test(new URL(url).hostname)
    ? 'Suno cannot reach this machine under these addresses: set PUBLIC_URL, or use the address of a tunnel.'
    : ''
  return (token + reach).trim()
}
