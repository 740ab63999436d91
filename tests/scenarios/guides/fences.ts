import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One fenced block of a guide. */
export interface Fence {
  /** What stands after the fence: `sh`, `yaml`, `sh in-the-workload`. */
  readonly info: string
  readonly text: string
}

const folder = join(import.meta.dirname, '../../../docs/guides')

/**
 * The fenced blocks of a guide, in order, with what the test has in the place of the platform put in.
 * @param places each of these texts stands in the guide; one that does not is an error, for the guide would then say something else than what runs
 */
export function fencesOf(guide: string, places: Readonly<Record<string, string>>): Fence[] {
  let text = readFileSync(join(folder, guide), 'utf8')
  for (const [there, here] of Object.entries(places)) {
    if (!text.includes(there)) throw new Error(`${guide} does not say ${there}`)
    text = text.replaceAll(there, here)
  }
  const fences = [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', block = '']) => ({ info, text: block }))
  if (fences.length === 0) throw new Error(`${guide} has no fenced block`)
  return fences
}

/** The one block of that kind. */
export function theFence(fences: readonly Fence[], info: string): string {
  const found = fences.filter((fence) => fence.info === info)
  const [only] = found
  if (only === undefined || found.length > 1) throw new Error(`${found.length} blocks are ${info}`)
  return only.text
}
