import type { IdentityMethod } from '@keyward/contract/words'
import { type AssuranceLevel, assuranceLevels } from '@keyward/contract/words'

/** A key that a token is bound to: the thumbprint of a DPoP key (RFC 9449) or of a client certificate (RFC 8705). */
export interface Binding {
  readonly kind: 'dpop' | 'mtls'
  readonly thumbprint: string
}

/** What a proof is worth, whatever the token is bound to. A shared secret can be copied, so nothing makes up for it. */
export function levelOf(method: IdentityMethod | 'by_hand' | 'authorization_code'): AssuranceLevel {
  return method === 'client_secret_basic' || method === 'by_hand' ? 'shared_secret' : 'federated'
}

/**
 * The assurance of a token, by analogy with NIST SP 800-63's federation levels (which speak of people): a proof by an issuer or a key is
 * `federated`; with the token bound to a key it is `key_bound`; with an issuer that attests what runs where, `attested`.
 */
export function assuranceOf(
  proof: { readonly level: AssuranceLevel; readonly attests: boolean },
  binding: Binding | undefined,
): AssuranceLevel {
  if (proof.level === 'shared_secret' || binding === undefined) return proof.level
  return proof.attests ? 'attested' : 'key_bound'
}

export function isAtLeast(level: AssuranceLevel, minimum: AssuranceLevel): boolean {
  return assuranceLevels.indexOf(level) >= assuranceLevels.indexOf(minimum)
}

/** A token is worth no more than the one that it comes from. */
export function weaker(one: AssuranceLevel, other: AssuranceLevel): AssuranceLevel {
  return isAtLeast(one, other) ? other : one
}
