const ADJECTIVES = ['Silver', 'Golden', 'Quiet', 'Early', 'Distant', 'Northern', 'Paper', 'Winter']
const NOUNS = ['rivers', 'lanterns', 'sparrows', 'trains', 'harbours', 'orchards', 'meadows', 'voices']
const PLACES = [
  'below the hill', 'before the rain', 'under the moon', 'along the shore', 'beyond the bridge', 'over the roofs'
]

/**
 * Posts the callback of the Suno Voice API that carries a phrase. Each phrase is random, because the server would treat
 * the same one as a repeated delivery.
 *
 * @param {string} taskId
 * @throws {Error} if the server does not accept it
 */
export async function sendSample (taskId) {
  const validateInfo = `${pick(ADJECTIVES)} ${pick(NOUNS)} hum ${pick(PLACES)}`
  const data = { taskId, validateInfo, status: 'wait_validating', errorCode: 0, errorMessage: '' }
  const response = await fetch('callback/validate', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: 200, msg: 'success', data })
  })
  if (!response.ok) throw new Error(`The server did not accept the sample (status ${response.status})`)
}

/** Returns a random task id. */
export function createSampleId () {
  return `sample-${Math.random().toString(36).slice(2, 10)}`
}

/** @param {string[]} words */
function pick (words) {
  return words[Math.floor(Math.random() * words.length)]
}
