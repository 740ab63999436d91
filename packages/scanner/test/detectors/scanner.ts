import { join } from 'node:path'
import type { Case } from '../../corpus/generate.ts'
import type { CompiledDetector } from '../../src/compiled-detector.ts'
import { DocumentScanner } from '../../src/engine/document.ts'
import type { Match } from '../../src/engine/match.ts'
import { Matcher } from '../../src/engine/matcher.ts'
import { compileFolder } from '../../src/load/folder.ts'

export const detectorsFolder = join(import.meta.dirname, '..', '..', 'detectors')

/** All detectors, compiled from their files as they are in the tree. */
export const detectors: readonly CompiledDetector[] = compileFolder(detectorsFolder, 'js')

const scanner = new DocumentScanner(new Matcher(detectors))

/** What the real engine finds in a text, whatever judgement says of it. */
export function scan(text: string, path: string): Match[] {
  return scanner.scan(Buffer.from(text), path)
}

/** A secret without what a place does to it: line breaks written or real, quotes and joins of source strings. */
export function essence(secret: string): string {
  return secret.replace(/\\n" \+\n\s*"/g, '').replace(/\\[nrt]|[^A-Za-z0-9+/=_.%!#@-]/g, '')
}

export type Outcome = 'named' | 'found under another name' | 'missed'

/** How an expected secret of a case came out. `publicOnes` are detectors whose finds are listed but are no secrets. */
export function outcome(one: Case, found: readonly Match[], publicOnes: ReadonlySet<string>): { result: Outcome; detail: string } {
  let result: Outcome = 'named'
  let detail = ''
  for (const { detector, secret } of one.expect) {
    const hit = found.find(
      (match) => essence(match.secret) === essence(secret) && (match.judgement.verdict === 'secret' || publicOnes.has(match.detector.id)),
    )
    if (hit?.detector.id === detector) continue
    result = hit === undefined ? 'missed' : 'found under another name'
    detail = `${one.name} in ${one.path}: ${detector} ${hit === undefined ? 'missed' : `found as ${hit.detector.id}`}; ${found.map((match) => `${match.detector.id} ${match.judgement.verdict}: ${match.judgement.reason}`).join(' | ')}`
    if (result === 'missed') break
  }
  return { result, detail }
}
