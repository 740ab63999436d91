import { KeywardError } from '@keyward/contract/errors'

/** Something that still uses what is to be deleted. */
export interface Use {
  readonly kind: string
  readonly id: string
  readonly name: string
}

/** How many uses are named; who has more to clean up sees the rest after these. */
export const usesShownMax = 20

/**
 * @param visible what uses it, as far as the caller may see it
 * @param others whether something else uses it too
 * @throws KeywardError `in-use` where anything does
 */
export function requireUnused(thing: string, visible: readonly Use[], others = false): void {
  if (visible.length === 0 && !others) return
  const detail = visible.length === 0 ? `${thing} is used by something outside what you are allowed to see` : `${thing} is still used`
  throw new KeywardError('in-use', detail, { extra: { used_by: visible.slice(0, usesShownMax) } })
}
