'use client'

import { useEffect, useMemo, useRef, useState } from 'react'
import type { WatchOptions } from '../options.ts'
import { describe, nothingSeen } from './describe.ts'
import { follow } from './follow.ts'
import type { Phrase } from './phrase.ts'

/** Options for `usePhrase`. All times are in milliseconds. */
export interface PhraseOptions
  extends Pick<WatchOptions, 'ticket' | 'fetch' | 'firstFrameMs' | 'silenceMs' | 'pollMs'> {
  /** URL of the relay, including its prefix if it has one. Default: the origin of the page. */
  readonly relay?: string | URL | undefined
  /** Whether to watch. Default true. */
  readonly enabled?: boolean | undefined
  /** Estimated life of a phrase. Default 180,000: one vendor accepted a phrase of 151 s and refused one of 181 s. */
  readonly lifeMs?: number | undefined
  /** Time between two results while a phrase is ready, for a countdown. Default 1,000; Infinity for none. */
  readonly tickMs?: number | undefined
  /** Called once with each outcome: `ready`, `failed`, `timed-out`, `done` or `refused`. */
  readonly onComplete?: ((phrase: Phrase) => void) | undefined
}

const OUTCOMES = /ready|failed|timed|done|refused/
const MAX_TIMER_MS = 1e9

/**
 * Watches a task while the component is mounted, and returns its phrase.
 *
 * The watch starts again when the task, the relay, `enabled` or a ticket of type string changes. Other options take
 * effect when the watch starts; callbacks are always those of the last render. Nothing runs on a server.
 *
 * @param taskId - without one, nothing is watched
 * @returns the same object until something changes; never the phrase of another task
 */
export function usePhrase (taskId: string | null | undefined, options: PhraseOptions = {}): Phrase {
  const { relay = '', ticket, lifeMs = 180_000, tickMs = 1000 } = options
  const key = toKey(taskId, options)
  const latest = useRef(options)
  const completed = useRef<unknown>(options)
  const [state, setState] = useState(nothingSeen(key))
  const seen = useMemo(() => state.key === key ? state : nothingSeen(key), [state, key])
  const phrase = useMemo(() => describe(seen, lifeMs), [seen, lifeMs])

  useEffect(() => { latest.current = options })

  useEffect(() => {
    if (!key) return
    return follow(relay, taskId as string, {
      options: () => latest.current,
      update (change) { setState((seen) => change(seen.key === key ? seen : nothingSeen(key))) }
    })
  }, [key, typeof ticket === 'string' ? ticket : typeof ticket])

  useEffect(() => {
    const cause = phrase.state === 'refused' ? seen.error : seen.event
    if (!OUTCOMES.test(phrase.state) || completed.current === cause) return
    completed.current = cause
    latest.current.onComplete?.(phrase)
  }, [phrase])

  useEffect(() => {
    if (phrase.state !== 'ready') return
    const tick = (): void => { setState((seen) => ({ ...seen, now: Date.now() })) }
    const timer = setTimeout(tick, Math.min(tickMs, lifeMs - phrase.ageMs, MAX_TIMER_MS))
    return () => { clearTimeout(timer) }
  }, [phrase, tickMs])

  return phrase
}

/** Names the relay and the task. Empty if nothing is to be watched. */
function toKey (taskId: string | null | undefined, { relay = '', enabled = true }: PhraseOptions): string {
  return enabled && taskId ? `${relay} ${taskId}` : ''
}
