import type { Verdict } from '../checks/check.ts'
import { checks } from '../checks/checks.ts'
import { basicPassword } from '../checks/structured.ts'
import type { Candidate, Judgement } from './candidate.ts'
import { entropyOf } from './entropy.ts'
import { type Doubt, genericDoubt } from './generic.ts'
import { digestReason } from './hash.ts'
import { knownName } from './known-formats.ts'
import { passwordDoubt } from './password.ts'
import { type PlaceKind, placeKind } from './path.ts'
import { placeholderReason } from './placeholder.ts'
import { isPublished } from './published.ts'
import { type ContextFit, contextFit, lineBefore, nameBefore, secretWords } from './surroundings.ts'
import { tokenDoubt } from './token.ts'
import { isWords } from './words.ts'

/** How sure a shape alone makes, by the detector's own estimate. */
const byShape = { high: 0.93, medium: 0.75, low: 0.55 } as const
const proved = 0.99

/**
 * Tells a secret from what only looks like one: runs the detector's check, then looks for what speaks against it, in the secret, its
 * name, its line and its path. Pure, fast, and called for matches only. Of overlapping matches the one with the higher confidence is
 * right.
 */
export function judge(candidate: Candidate): Judgement {
  const { detector, secret } = candidate
  const checked = checkOf(candidate)
  if (checked === 'refuted') return judgement('not-a-secret', 0.02, 'Its checksum or structure is wrong: nobody issued it.')
  if (isPublished(secret)) return judgement('not-a-secret', 0.03, 'It stands in public documentation, the same for everyone.')
  const stand = placeholderReason(detector.check === 'basic-auth' ? (basicPassword(secret) ?? secret) : secret)
  if (stand !== undefined) return judgement('not-a-secret', 0.04, stand)
  if (detector.entropyMin !== undefined && entropyOf(secret) < detector.entropyMin)
    return judgement('not-a-secret', 0.06, 'It is not random enough for a generated secret.')
  const doubt = doubtOf(candidate, checked)
  if (doubt !== undefined) return judgement(doubt.verdict, doubt.verdict === 'unlikely' ? 0.3 : 0.08, doubt.reason)
  const place = placeKind(candidate.path)
  if (checked === 'proved') return provedJudgement(candidate, place)
  return detector.context === undefined ? shapeJudgement(candidate, place) : contextJudgement(candidate, place)
}

function checkOf(candidate: Candidate): Verdict {
  const { check } = candidate.detector
  const run = check === undefined ? undefined : checks[check]
  return run === undefined ? 'unknown' : run(candidate.secret)
}

/** Kinds that everyone makes for tests and documents: there they are hardly ever real. A provider's own token is real wherever it stands. */
const madeByAnyone = /^(?:private-key-(?!age)|jwt|databases|generic|snowflake-password|docker-config|google-service-account)/

function doubtOf(candidate: Candidate, checked: Verdict): Doubt | undefined {
  const { detector, secret } = candidate
  if (detector.id === 'private-key-certificate')
    return { verdict: 'unlikely', reason: 'A certificate is public; its private key is the secret.' }
  if (detector.id === 'langfuse-public-key') return { verdict: 'unlikely', reason: 'It is the public half of a pair.' }
  if (detector.check === 'github-classic' && checked === 'unknown')
    return { verdict: 'unlikely', reason: 'Its checksum is wrong; only some older installation tokens have none.' }
  if (detector.check === 'jwt') return tokenDoubt(secret)
  if (detector.id === 'generic-basic-header' || detector.check === 'basic-auth')
    return passwordDoubt({ ...candidate, secret: basicPassword(secret) ?? '' })
  if (detector.id.startsWith('databases-') || detector.id === 'generic-url-password' || detector.id === 'snowflake-password')
    return passwordDoubt(candidate)
  if (detector.id === 'generic-session-cookie') return genericDoubt(candidate)
  if (detector.id.startsWith('generic-')) return digestOrNothing(candidate) ?? genericDoubt(candidate)
  if (detector.context === undefined) return undefined
  if (resourceName.test(candidate.before)) return { verdict: 'not-a-secret', reason: 'It is part of the name of a resource (ARN).' }
  return (detector.confidence === 'high' ? undefined : digestOrNothing(candidate)) ?? wordsDoubt(candidate) ?? otherName(candidate)
}

const resourceName = /\barn:aws[\w-]{0,12}(?::[\w-]{0,40}){3}:$/

function digestOrNothing(candidate: Candidate): Doubt | undefined {
  const reason = digestReason(candidate)
  return reason === undefined ? undefined : { verdict: 'not-a-secret', reason }
}

function wordsDoubt(candidate: Candidate): Doubt | undefined {
  if (!isWords(candidate.secret) || (/\d/.test(candidate.secret) && contextFit(candidate).where === 'name')) return undefined
  return { verdict: 'not-a-secret', reason: 'It is made of words.' }
}

/** `("` after a client's name, `"] = "` after a setting's. */
const callCharacters = 8

/** `COHERE_API_KEY=…` is nobody else's key, however near another provider's name stands. */
function otherName(candidate: Candidate): Doubt | undefined {
  const { context } = candidate.detector
  if (context === undefined) return undefined
  const line = lineBefore(candidate)
  const name = nameBefore(line)
  const nameAndCall = line.slice(-name.length - callCharacters)
  if (name === '' || !knownName.test(name) || new RegExp(context.near, 'i').test(nameAndCall)) return undefined
  return { verdict: 'not-a-secret', reason: 'Its name is that of another provider.' }
}

function provedJudgement(candidate: Candidate, place: PlaceKind): Judgement {
  if (madeByAnyone.test(candidate.detector.id)) {
    const tests = inTests(place)
    if (tests !== undefined) return judgement('unlikely', 0.35, `Its structure is right, but ${tests}`)
    return judgement(
      'secret',
      place === 'vendored' ? 0.7 : candidate.detector.context === undefined ? 0.95 : 0.97,
      'Its structure is right.',
    )
  }
  return judgement('secret', proved, 'Its checksum or structure is right.')
}

function inTests(place: PlaceKind): string | undefined {
  switch (place) {
    case 'test':
      return 'it stands among tests, for which such things are made.'
    case 'template':
      return 'it stands in an example or a template.'
    case 'docs':
      return 'it stands in documentation.'
    default:
      return undefined
  }
}

function shapeJudgement(candidate: Candidate, place: PlaceKind): Judgement {
  const { detector } = candidate
  const base = byShape[detector.confidence]
  const tests = inTests(place)
  if (tests !== undefined && (madeByAnyone.test(detector.id) || detector.confidence === 'low'))
    return judgement('unlikely', 0.35, `Its shape is right, but ${tests}`)
  if (place === 'vendored' && detector.confidence === 'low')
    return judgement('unlikely', 0.35, 'It stands in someone else’s published package.')
  return judgement('secret', tests === undefined ? base : base - 0.1, `It has the shape of ${article(detector.name)}.`)
}

function contextJudgement(candidate: Candidate, place: PlaceKind): Judgement {
  const { detector } = candidate
  const fit = contextFit(candidate)
  const line = lineBefore(candidate)
  const confidence = contextConfidence(candidate, fit, namesItself(detector.pattern) || secretWords.test(line))
  const tests = inTests(place)
  if (confidence < 0.5)
    return judgement('unlikely', confidence, `Its shape fits ${article(detector.name)}, but nothing near it says that it is one.`)
  if (tests !== undefined && detector.confidence !== 'high' && confidence < 0.75)
    return judgement('unlikely', 0.35, `Its shape fits, but ${tests}`)
  const where = fit.where === 'name' ? 'its name says so' : 'what stands near it says so'
  return judgement('secret', confidence - (tests === undefined ? 0 : 0.1), `It has the shape of ${article(detector.name)}, and ${where}.`)
}

/** Whether the pattern has the secret's own name in it, as `[?&]sig=(?<secret>…` has. */
function namesItself(pattern: string): boolean {
  return pattern.includes('=(?<secret>')
}

/** `Exa("…`, `wandb: …`: no name of its own stands between. */
const adjacentCharacters = 4

/** The provider's name in the secret's own name is nearly proof; above or behind it another word must call the value a secret. */
function contextConfidence(candidate: Candidate, fit: ContextFit, saysSecret: boolean): number {
  const strong = candidate.detector.confidence === 'high'
  const far = Math.min(0.1, fit.distance / 2000)
  switch (fit.where) {
    case 'name':
      return (strong ? 0.96 : 0.92) - far / 10
    case 'line':
      return (saysSecret || strong ? 0.86 : fit.distance <= adjacentCharacters ? 0.66 : 0.4) - far
    case 'above':
      return (strong ? 0.84 : saysSecret ? 0.82 : 0.4) - far
    case 'after':
      return (strong ? 0.78 : saysSecret ? fit.score + 0.05 : 0.3) - far
    case 'nowhere':
      return strong ? 0.7 : saysSecret ? 0.5 : 0.3
  }
}

function article(name: string): string {
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`
}

function judgement(verdict: Judgement['verdict'], confidence: number, reason: string): Judgement {
  return { verdict, confidence: Math.round(confidence * 1000) / 1000, reason }
}
