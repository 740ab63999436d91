import type { ClaimCondition, ClaimConditions } from '@keyward/contract/identities'
import type { Command } from 'commander'
import { wrongUsage } from '../failure.ts'

export interface ClaimOptions {
  readonly claim?: readonly string[]
  readonly claimPrefix?: readonly string[]
  readonly claimContains?: readonly string[]
}

const again = (text: string, before: string[] | undefined) => [...(before ?? []), text]

/** The flags that say what the claims of a token have to be. */
export function addClaimOptions(command: Command): Command {
  return command
    .option(
      '--claim <name=value>',
      'the claim is exactly this; the same name again: one of them. Deeper: /kubernetes.io/namespace=prod',
      again,
    )
    .option('--claim-prefix <name=text>', 'the claim begins with this', again)
    .option('--claim-contains <name=value>', 'the claim is a list that has this', again)
}

/** The conditions that the flags describe. @throws Failure (usage) */
export function claimsFrom(options: ClaimOptions): ClaimConditions {
  const claims: Record<string, ClaimCondition> = {}
  for (const text of options.claim ?? []) {
    const [name, value] = parted(text, '--claim')
    const before = claims[name]
    claims[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [String(before)]), value]
  }
  const other = (flag: string, texts: readonly string[] | undefined, make: (value: string) => ClaimCondition) => {
    for (const text of texts ?? []) {
      const [name, value] = parted(text, flag)
      if (claims[name] !== undefined) throw wrongUsage(`${flag}: there is another condition on ${name}`, 'Give one condition a claim.')
      claims[name] = make(value)
    }
  }
  other('--claim-prefix', options.claimPrefix, (prefix) => ({ prefix }))
  other('--claim-contains', options.claimContains, (contains) => ({ contains }))
  return claims
}

function parted(text: string, flag: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw wrongUsage(`${flag}: "${text}" is not NAME=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}
