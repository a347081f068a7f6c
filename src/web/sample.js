const FIRST = ['Silver', 'Golden', 'Quiet', 'Early', 'Distant', 'Northern', 'Paper', 'Winter']
const SECOND = ['rivers', 'lanterns', 'sparrows', 'trains', 'harbours', 'orchards', 'meadows', 'voices']
const THIRD = ['below the hill', 'before the rain', 'under the moon', 'along the shore', 'beyond the bridge', 'over the roofs']

/**
 * Posts a callback as the Suno Voice API would: a phrase is ready. The phrase is another one each time, since the same
 * one again would be taken for a repeated delivery.
 *
 * @param {string} taskId
 * @throws {Error} when it was not accepted
 */
export async function sendSample (taskId) {
  const validateInfo = `${any(FIRST)} ${any(SECOND)} hum ${any(THIRD)}`
  const data = { taskId, validateInfo, status: 'wait_validating', errorCode: 0, errorMessage: '' }
  const response = await fetch('callback/validate', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: 200, msg: 'success', data })
  })
  if (!response.ok) throw new Error(`The server did not take the sample (${response.status})`)
}

/** A task id that no one else is likely to watch. */
export function sampleId () {
  return `sample-${Math.random().toString(36).slice(2, 10)}`
}

/** @param {string[]} words */
function any (words) {
  return words[Math.floor(Math.random() * words.length)]
}
