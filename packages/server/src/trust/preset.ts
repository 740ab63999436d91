import type { ClaimCondition, ClaimConditions } from '@keyward/contract/identities'

/**
 * How well a condition tells one workload from all others. `id`: by something that is never given to another. `name`: by something that can
 * be taken over, such as the name of a repository that was renamed. `none`: it only narrows.
 */
export type Strength = 'id' | 'name' | 'none'

export interface Judgement {
  readonly strength: Strength
  /** Why the condition is not enough by itself, and the fix. Refused where nothing else identifies, flagged where something does. */
  readonly problem?: string
  /** What it matches too much of, whatever else is asked. */
  readonly warning?: string
}

/** What is known of the tokens of one kind of issuer. */
export interface Preset {
  /** Issuer identifiers that are of this kind for certain. */
  readonly issuers: RegExp | undefined
  /** Names there are ASCII: any other character is a look-alike. */
  readonly asciiOnly: boolean
  /** Judges one condition, knowing the others. */
  judge(name: string, condition: ClaimCondition, all: ClaimConditions): Judgement
  /** What to pin, for a rule that pins nobody. */
  readonly pin: string
  /** What to add to a rule that knows its workload by a name alone. */
  readonly nameOnly: string
  /** What the rule leaves open beside who it is: branches, events. */
  context(all: ClaimConditions): string[]
  /** Audiences that tokens of this issuer have without being asked for, and why not to accept them. Undefined: fine. */
  audience(audience: string, issuer: string): { readonly refused?: string; readonly warning?: string } | undefined
}

/** The exact texts of a condition; undefined for a prefix and for membership of a list. */
export function exactTexts(condition: ClaimCondition | undefined): string[] | undefined {
  if (condition === undefined) return undefined
  if (Array.isArray(condition)) return condition.map(String)
  return typeof condition === 'object' ? undefined : [String(condition)]
}

export function prefixOf(condition: ClaimCondition): string | undefined {
  return typeof condition === 'object' && !Array.isArray(condition) && 'prefix' in condition ? condition.prefix : undefined
}

/** The weakest of several: a list of values is as good as its worst. */
export function weakest(judgements: readonly Judgement[]): Judgement {
  const order: readonly Strength[] = ['none', 'name', 'id']
  return judgements.toSorted((a, b) => order.indexOf(a.strength) - order.indexOf(b.strength))[0] ?? { strength: 'none' }
}

/** A claim that narrows and never identifies. */
export function broad(what: string): Judgement {
  return { strength: 'none', problem: what }
}
