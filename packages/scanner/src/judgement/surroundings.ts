import type { Candidate } from './candidate.ts'

/** What stands on the secret's own line before it, at most 160 characters. */
export function lineBefore(candidate: Candidate): string {
  return lastLine(candidate.before).slice(-160)
}

function lastLine(text: string): string {
  const cut = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'))
  const line = text.slice(cut + 1)
  // In JSON and source strings a line break is written, so that "the line" would be the whole file.
  const written = Math.max(line.lastIndexOf('\\n'), line.lastIndexOf('\\r'))
  return written < 0 ? line : line.slice(written + 2)
}

/** The name that is given the secret (`MISTRAL_API_KEY` in `MISTRAL_API_KEY="…`), as written; empty where none is. */
export function nameBefore(before: string): string {
  const found = /([A-Za-z0-9_$@.-]{1,80})["'`\]\\)]{0,3}\s{0,4}(?:=>|:=|\?\?|\|\||[:=(,]|\s)\s{0,4}[\\"'`[(]{0,3}$/.exec(before)
  return found?.[1] ?? ''
}

/** Words that say that what follows is a secret. */
export const secretWords = /key|token|secret|auth|passw|pwd|cred|bearer|(?<![a-z])api|access|_pat\b|\bpat\b|login|sdk/i

/** Words that say that what follows is an identifier or a digest of something. */
export const digestWords =
  /(?:sha-?\d{0,3}|md5|blake\w{0,3}|checksum|digest|integrity|etag|hash|fingerprint|commit|revision|\brev|\bref|blob|tree|parent|sri|crc\d{0,2}|nonce|salt|layer|image|build|trace|span|request|session_?id|correlation|uuid|guid|version|model_?id|account|project|tenant|organi[sz]ation|workspace|_id|-id|\bid|Id|ID|path|url|uri|file|name|index|host|namespace)["'`\]\\]{0,3}\s{0,4}(?:=>|:=|[:=(@]|\s)\s{0,4}[\\"'`[(]{0,3}(?:sha\d{1,3}[:-])?$/

/** How well a detector's context fits the place: 0 (not at all) to 1 (the very name says it). */
export interface ContextFit {
  readonly score: number
  /** Characters between the provider's name and the secret. */
  readonly distance: number
  readonly where: 'name' | 'line' | 'above' | 'after' | 'nowhere'
}

const compiled = new Map<string, { readonly last: RegExp; readonly any: RegExp }>()

/** Where the nearest thing that `context.near` describes stands; the name on the same line says most, what follows least. */
export function contextFit(candidate: Candidate): ContextFit {
  const near = candidate.detector.context?.near
  if (near === undefined) return { score: 1, distance: 0, where: 'name' }
  let expressions = compiled.get(near)
  if (expressions === undefined) {
    expressions = { last: new RegExp(near, 'gi'), any: new RegExp(near, 'i') }
    compiled.set(near, expressions)
  }
  const line = lineBefore(candidate)
  const onLine = lastMatch(expressions.last, line)
  if (onLine !== undefined)
    return { score: 1, distance: line.length - onLine, where: expressions.any.test(nameBefore(line)) ? 'name' : 'line' }
  const above = lastMatch(expressions.last, candidate.before)
  if (above !== undefined) return { score: 0.7, distance: candidate.before.length - above, where: 'above' }
  const after = candidate.after.search(expressions.any)
  if (after >= 0) {
    const between = candidate.after.slice(0, after)
    // `api_key="…", base_url="https://api.deepseek.com"`: the address says whose key it is, also on the next line.
    const isAddress = /(?:url|endpoint|host|https?:\/\/)[^\n]{0,60}$/i.test(between)
    return { score: isAddress ? 0.78 : between.includes('\n') ? 0.4 : 0.6, distance: after, where: 'after' }
  }
  return { score: 0.3, distance: 0, where: 'nowhere' }
}

function lastMatch(expression: RegExp, text: string): number | undefined {
  expression.lastIndex = 0
  let end: number | undefined
  for (let found = expression.exec(text); found !== null; found = expression.exec(text)) {
    end = found.index + found[0].length
    if (found[0].length === 0) break
  }
  return end
}
