import { checks } from '../checks/checks.ts'
import type { Candidate, Judgement } from './candidate.ts'

export type { Candidate, Judgement } from './candidate.ts'

const byConfidence = { high: 0.9, medium: 0.7, low: 0.5 } as const

/** Tells a secret from what only looks like one. Runs the detector's check. Pure; called for matches only. */
export function judge(candidate: Candidate): Judgement {
  const check = candidate.detector.check === undefined ? undefined : checks[candidate.detector.check]
  const verdict = check?.(candidate.secret) ?? 'unknown'
  if (verdict === 'refuted')
    return { verdict: 'not-a-secret', confidence: 0.02, reason: 'Its checksum or structure is wrong: nobody issued it.' }
  if (verdict === 'proved') return { verdict: 'secret', confidence: 0.99, reason: 'Its checksum or structure is right.' }
  return { verdict: 'secret', confidence: byConfidence[candidate.detector.confidence], reason: 'Its shape is that of the format.' }
}
