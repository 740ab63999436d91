import { readFileSync } from 'node:fs'
import type { CompiledDetector, DetectorSet } from '../compiled-detector.ts'
import { Matcher } from '../engine/matcher.ts'

/** Where detectors come from besides the built-in ones. */
export interface DetectorSources {
  /** Files or folders of detectors in YAML. */
  readonly detectors?: readonly string[]
  /** Configurations of gitleaks. */
  readonly gitleaks?: readonly string[]
  /** Only these ids or providers. */
  readonly only?: readonly string[]
}

/** The built-in detectors and the user's. Throws where a user's file is wrong, with the place and the reason. */
export async function loadDetectors(sources: DetectorSources): Promise<DetectorSet> {
  const builtIn = JSON.parse(readFileSync(new URL('../detectors.generated.json', import.meta.url), 'utf8')) as DetectorSet
  const own: CompiledDetector[] = []
  if (sources.detectors?.length) {
    const { compileFolder } = await import('./folder.ts')
    for (const path of sources.detectors) own.push(...compileFolder(path, 're2'))
  }
  if (sources.gitleaks?.length) {
    const { compileGitleaks } = await import('./gitleaks.ts')
    for (const path of sources.gitleaks) own.push(...compileGitleaks(path))
  }
  const replaced = new Set(own.map((detector) => detector.id))
  const all = [...builtIn.detectors.filter((detector) => !replaced.has(detector.id)), ...own]
  const wanted = sources.only?.length
    ? all.filter(({ id, provider }) => sources.only?.includes(id) || sources.only?.includes(provider))
    : all
  if (own.length === 0 && wanted.length === all.length) return builtIn
  const { detectorSetOf } = await import('./folder.ts')
  return detectorSetOf(wanted)
}

/** A matcher for the detectors; brings RE2 in only where a user's detector needs it. */
export async function matcherFor(detectors: readonly CompiledDetector[]): Promise<Matcher> {
  if (!detectors.some((detector) => detector.dialect === 're2')) return new Matcher(detectors)
  const { userRules } = await import('../engine/user-rules.ts')
  return new Matcher(detectors, userRules)
}
