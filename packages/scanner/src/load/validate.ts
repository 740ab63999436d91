import { authorities, credentialKinds, purposes } from '@keyward/contract/words'
import type { DetectorFile } from '../detector.ts'

export class DetectorFileError extends Error {
  override readonly name = 'DetectorFileError'
}

const severities = ['critical', 'high', 'medium', 'low'] as const
const confidences = ['high', 'medium', 'low'] as const
const detectorKeys = new Set(
  'id name kind purpose authority severity pattern ignoreCase keywords context entropyMin check confidence parts verify revoke examples source'.split(
    ' ',
  ),
)

type Fields = Readonly<Record<string, unknown>>

/** Checks that parsed YAML has the form of a `DetectorFile`. Throws `DetectorFileError` with the place and the fix. */
export function detectorFileOf(value: unknown, place: string): DetectorFile {
  const file = fields(value, place)
  text(file, 'provider', place)
  text(file, 'name', place)
  const list = file.detectors
  if (!Array.isArray(list) || list.length === 0)
    throw new DetectorFileError(`${place}: \`detectors\` must be a list with at least one entry`)
  const provider = String(file.provider)
  for (const [index, one] of list.entries()) checkDetector(one, `${place}, detector ${index + 1}`, provider)
  return value as DetectorFile
}

function checkDetector(value: unknown, place: string, provider: string): void {
  const detector = fields(value, place)
  text(detector, 'id', place)
  const here = `${place} (${detector.id})`
  if (!String(detector.id).startsWith(provider)) throw new DetectorFileError(`${here}: \`id\` must begin with the provider, ${provider}`)
  for (const key of Object.keys(detector)) if (!detectorKeys.has(key)) throw new DetectorFileError(`${here}: there is no field \`${key}\``)
  for (const key of ['name', 'pattern', 'source']) text(detector, key, here)
  oneOf(detector, 'kind', credentialKinds, here)
  oneOf(detector, 'purpose', purposes, here)
  oneOf(detector, 'severity', severities, here)
  oneOf(detector, 'confidence', confidences, here)
  texts(detector.keywords, `${here}: \`keywords\``)
  const authority = texts(detector.authority, `${here}: \`authority\``)
  for (const one of authority)
    if (!(authorities as readonly string[]).includes(one)) throw new DetectorFileError(`${here}: no authority ${one}`)
  text(fields(detector.revoke, `${here}: \`revoke\``), 'how', `${here}: \`revoke\``)
  const examples = fields(detector.examples, `${here}: \`examples\``)
  texts(examples.match, `${here}: \`examples.match\``)
  if (!Array.isArray(examples.noMatch)) throw new DetectorFileError(`${here}: \`examples.noMatch\` must be a list`)
  if (detector.context !== undefined) {
    const context = fields(detector.context, `${here}: \`context\``)
    text(context, 'near', `${here}: \`context\``)
    wholeNumber(context, 'distanceBytes', `${here}: \`context\``)
  }
  if (detector.parts !== undefined) checkParts(detector.parts, here)
  if (detector.verify !== undefined) checkVerify(fields(detector.verify, `${here}: \`verify\``), here)
}

function checkParts(value: unknown, place: string): void {
  if (!Array.isArray(value)) throw new DetectorFileError(`${place}: \`parts\` must be a list`)
  for (const one of value) {
    const part = fields(one, `${place}: \`parts\``)
    text(part, 'detector', `${place}: \`parts\``)
    wholeNumber(part, 'withinLines', `${place}: \`parts\``)
  }
}

function checkVerify(verify: Fields, place: string): void {
  oneOf(verify, 'method', ['GET', 'POST', 'HEAD'], `${place}: \`verify\``)
  text(verify, 'url', `${place}: \`verify\``)
  if (!/^https:\/\//.test(String(verify.url))) throw new DetectorFileError(`${place}: \`verify.url\` must begin with https://`)
  wholeNumber(verify, 'requestsPerMinuteMax', `${place}: \`verify\``)
}

function fields(value: unknown, place: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DetectorFileError(`${place}: must be a mapping`)
  return value as Fields
}

function text(from: Fields, key: string, place: string): void {
  if (typeof from[key] !== 'string' || from[key] === '') throw new DetectorFileError(`${place}: \`${key}\` must be a text`)
}

function wholeNumber(from: Fields, key: string, place: string): void {
  const value = from[key]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new DetectorFileError(`${place}: \`${key}\` must be a whole number`)
}

function texts(value: unknown, place: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== 'string'))
    throw new DetectorFileError(`${place} must be a list of texts`)
  return value as string[]
}

function oneOf(from: Fields, key: string, words: readonly string[], place: string): void {
  if (!words.includes(String(from[key]))) throw new DetectorFileError(`${place}: \`${key}\` must be one of ${words.join(', ')}`)
}
