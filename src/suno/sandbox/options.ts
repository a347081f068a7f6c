import type { Vendor } from '../vendor.ts'

/** Runs a function later; returns a function that cancels it. */
export type Schedule = (run: () => void, ms: number) => () => void

/** Options whose value is a probability from 0 to 1, drawn once for each submission. */
export const PROBABILITIES = ['lose', 'duplicate', 'late', 'fail', 'emptyFirst'] as const

/** Settings of a sandbox. */
export interface SandboxOptions {
  /** The vendor to stand in for: its codes, and for `kie` its signature. Default: `sunoapi`. */
  readonly vendor: Vendor
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host: string
  /** Port to listen on. Default: 0, any free one. */
  readonly port: number
  /** API key that calls have to show. Default: empty, any key. */
  readonly apiKey: string
  /** Key that callbacks are signed with, the way of kie.ai. Default: empty, no signature. */
  readonly hmacKey: string
  /** Milliseconds from a submission to its phrase. Default: 3,000. */
  readonly phraseAfterMs: number
  /** Milliseconds from a submission to its voice. Default: 5,000. */
  readonly voiceAfterMs: number
  /** Milliseconds during which a phrase can be used. Default: 180,000. */
  readonly phraseLifeMs: number
  /** Milliseconds by which a late callback is late. Default: 60,000. */
  readonly lateByMs: number
  /** Milliseconds before a callback is sent again: after a failed delivery, and as a duplicate. Default: 1,000. */
  readonly resendAfterMs: number
  /** Probability that no callback of a submission is ever sent. Default: 0. */
  readonly lose: number
  /** Probability that a callback is sent twice. Default: 0. */
  readonly duplicate: number
  /** Probability that a callback is late. Default: 0. */
  readonly late: number
  /** Probability that a submission fails. Default: 0. */
  readonly fail: number
  /** Probability that `wait_validating` comes with an empty phrase first. Default: 0. */
  readonly emptyFirst: number
  /** Whether regenerate and generate answer with the task id that they were given. Default: false. */
  readonly sameId: boolean
  /** Calls that are allowed in 10 seconds. Default: Infinity. */
  readonly rateLimit: number
  /** Submissions that the account can pay for. Default: Infinity. */
  readonly credits: number
  /** Seed of everything random, 32 bits: the same calls in the same order get the same answers. Default: 0. */
  readonly seed: number
  /** Gets one line for each call and each delivery. Default: ignored. */
  readonly log: (line: string) => void
  /** Default: real time. */
  readonly schedule: Schedule
}

/** Default of each setting. */
export const DEFAULTS: SandboxOptions = {
  vendor: 'sunoapi',
  host: '127.0.0.1',
  port: 0,
  apiKey: '',
  hmacKey: '',
  phraseAfterMs: 3000,
  voiceAfterMs: 5000,
  phraseLifeMs: 180_000,
  lateByMs: 60_000,
  resendAfterMs: 1000,
  lose: 0,
  duplicate: 0,
  late: 0,
  fail: 0,
  emptyFirst: 0,
  sameId: false,
  rateLimit: Infinity,
  credits: Infinity,
  seed: 0,
  log: () => {},
  schedule (run, ms) {
    const timer = setTimeout(run, ms)
    return () => { clearTimeout(timer) }
  }
}
