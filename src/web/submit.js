/** Error of a submission that the relay did not accept: a problem of RFC 9457. */
export class NotSubmitted extends Error {
  /** @param {{ code?: string, detail?: string }} problem */
  constructor ({ code = '', detail = 'The server did not accept the submission' }) {
    super(detail)
    this.code = code
  }
}

/**
 * Submits a recording to Suno, through the relay.
 *
 * @param {string} voiceUrl URL of the recording; its first ten seconds are used
 * @returns {Promise<{ taskId: string, ticket: string | null }>}
 * @throws {Error} if no answer arrives
 * @throws {NotSubmitted} if the answer is not that of an accepted submission
 */
export async function submitRecording (voiceUrl) {
  const response = await fetch('tasks', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ step: 'validate', voiceUrl, vocalStartS: 0, vocalEndS: 10 })
  })
  const json = await response.json().catch(() => ({}))
  if (!response.ok) throw new NotSubmitted(json)
  return json
}
