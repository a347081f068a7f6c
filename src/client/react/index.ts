'use client'

export type {
  Done, Expired, Failed, Idle, Phrase, Ready, Refused, TimedOut, Waiting
} from './phrase.ts'
export { usePhrase, type PhraseOptions } from './use-phrase.ts'
