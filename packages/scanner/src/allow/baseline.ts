import { readFileSync, writeFileSync } from 'node:fs'
import type { Detection } from '../detection/detection.ts'

/** A baseline is what was already there: fingerprints only, so that the file may be committed. */
interface BaselineFile {
  readonly version: 1
  readonly note: string
  readonly fingerprints: Readonly<Record<string, string>>
}

export class BaselineError extends Error {
  override readonly name = 'BaselineError'
}

/** Fingerprints of a baseline. Throws `BaselineError` where the file is none. */
export function readBaseline(path: string): ReadonlySet<string> {
  let parsed: Partial<BaselineFile>
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8')) as Partial<BaselineFile>
  } catch (error) {
    throw new BaselineError(
      `${path} is no baseline (${error instanceof Error ? error.message : error}): make one with --write-baseline ${path}`,
    )
  }
  if (parsed.version !== 1 || typeof parsed.fingerprints !== 'object')
    throw new BaselineError(`${path} is no baseline of Keyward: make one with --write-baseline ${path}`)
  return new Set(Object.keys(parsed.fingerprints))
}

/** Writes all that is there now as known. Sorted, so that a change of the file shows what came and went. */
export function writeBaseline(path: string, detections: readonly Detection[]): void {
  const fingerprints = Object.fromEntries(
    detections
      .filter((one) => one.verdict === 'secret')
      .map((one): [string, string] => [one.fingerprint, one.detector])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  const file: BaselineFile = {
    version: 1,
    note: 'Known before scanning began. Holds no secret. Work it off; never add to it by hand.',
    fingerprints,
  }
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`)
}
