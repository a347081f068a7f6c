// Compiled by `npm run check` against the source, and by test/package.test.ts against the package.

import {
  waitForPhrase, watchTask, type EventData, type RelayEvent, type VoiceReadyEvent
} from 'phrase-relay/client'

/** Narrows an event by its name. */
export function summarize (relayEvent: RelayEvent): string {
  const { event, data } = relayEvent
  if (event === 'phrase-ready') return data.validateInfo.toUpperCase()
  if (event === 'voice-ready') return data.voiceId.toUpperCase()
  if (event === 'task-overdue' || event === 'task-timeout') return data.submittedAt.toUpperCase()
  // @ts-expect-error -- only `phrase-ready` promises a phrase
  data.validateInfo.toUpperCase()
  return `${data.errorMessage ?? data.msg} ${data.code?.toFixed()}`
}

/** Reads a field that the relay does not know. */
export function readMood (data: EventData): string {
  const mood: unknown = data.mood
  // @ts-expect-error -- the type of an unknown field is unknown, not any
  const text: string = data.mood
  return typeof data.mood === 'string' ? data.mood : String(mood ?? text)
}

/** Waits for the phrase, then for the voice. */
export async function follow (relay: string, taskId: string): Promise<VoiceReadyEvent | undefined> {
  const { id, data } = await waitForPhrase(relay, taskId)
  const phrase: string = data.validateInfo
  for await (const event of watchTask(relay, taskId, { cursor: id })) {
    if (event.event === 'voice-ready') return event
    if (event.data.validateInfo === phrase) continue
  }
}
