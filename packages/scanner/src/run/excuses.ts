import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AllowFile } from '../allow/allow-file.ts'
import { readBaseline } from '../allow/baseline.ts'
import { inlineAllowance } from '../allow/inline.ts'
import type { Excuse } from '../detection/collect.ts'
import type { ScanOptions } from './options.ts'

const allowFileName = 'keyward-allow.yaml'

/** All that may excuse a sighting: marks in the line, the allow-list, the baseline. */
export class Excuses {
  readonly #file: AllowFile | undefined
  readonly #baseline: ReadonlySet<string> | undefined
  readonly #now: Date
  #marksWithoutEffect = 0

  private constructor(file: AllowFile | undefined, baseline: ReadonlySet<string> | undefined, now: Date) {
    this.#file = file
    this.#baseline = baseline
    this.#now = now
  }

  /** Throws where a named file is missing or wrong. Without a name, `keyward-allow.yaml` of the first scanned folder counts. */
  static async load(options: ScanOptions): Promise<Excuses> {
    const now = options.now ?? new Date()
    const path = options.allowFile ?? found(options)
    const file = path === undefined ? undefined : new (await import('../allow/allow-file.ts')).AllowFile(path, now)
    return new Excuses(file, options.baseline === undefined ? undefined : readBaseline(options.baseline), now)
  }

  readonly excuse: Excuse = (sighting, detection, inline) => {
    const byMark = inline === undefined ? undefined : inlineAllowance(inline, this.#now)
    if (inline !== undefined && byMark === undefined) this.#marksWithoutEffect++
    if (byMark) return byMark
    const byFile = this.#file?.allowance(sighting, detection)
    if (byFile) return byFile
    return this.#baseline?.has(detection.fingerprint) ? { by: 'baseline', reason: 'known before scanning began' } : undefined
  }

  remarks(): string[] {
    const marks = this.#marksWithoutEffect
    const text = `${marks} keyward:allow ${marks === 1 ? 'mark has' : 'marks have'} no effect: give a reason="…" and, where it has one, an until= that lies ahead`
    return [...(this.#file?.remarks() ?? []), ...(marks > 0 ? [text] : [])]
  }
}

function found(options: ScanOptions): string | undefined {
  for (const target of options.targets) {
    const folder = target.kind === 'path' ? target.path : target.kind === 'git' || target.kind === 'staged' ? target.repository : undefined
    if (folder !== undefined && existsSync(join(folder, allowFileName))) return join(folder, allowFileName)
  }
  return undefined
}
