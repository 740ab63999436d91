import { KeywardError } from '@keyward/contract/errors'
import type { TrustDraft, TrustTryResult } from '@keyward/contract/issuers'
import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { type Claims, claimAt, valueText } from '../../trust/claim.ts'
import { claimMismatches } from '../../trust/match.ts'
import { spiffeIdFits } from '../../trust/spiffe-id.ts'
import { ownAudiences } from './find-rule.ts'

/**
 * What a trust rule that is not made yet would say to the claims of a tryout. Whether its token would be believed at all, the tryout says.
 * @param ours our own issuer identifier: the audience that a rule accepts where it names none
 * @param tried undefined `draft` where its claims could not be read
 * @throws KeywardError `not-found` where the issuer of the rule is unknown
 */
export async function tryDraft(
  db: Kysely<Tables>,
  ours: string,
  rule: TrustDraft,
  tried: Pick<TrustTryResult, 'issuer' | 'claims'>,
): Promise<TrustTryResult['draft']> {
  const issuer = await db.selectFrom('issuers').select(['id', 'issuer', 'preset', 'state']).where('id', '=', rule.issuer).executeTakeFirst()
  if (!issuer) throw new KeywardError('not-found')
  const { claims } = tried
  if (claims === null) return undefined
  const reasons = [
    ...(issuer.state === 'revoked' ? ['its issuer is revoked: it lets nobody in'] : []),
    ...(tried.issuer === issuer.id ? [] : [`iss: the rule relies on ${valueText(issuer.issuer)}, the token is of ${issuerOf(claims)}`]),
    ...audienceReasons(rule.audiences, ours, claims),
    ...('claims' in rule ? claimMismatches(issuer.preset, rule.claims, claims) : subjectReasons(rule.spiffe_id, claims)),
  ]
  return { matches: reasons.length === 0, reasons }
}

/** Claims that were given by hand may leave the audience out: then nothing is said of it. */
function audienceReasons(accepted: readonly string[] | undefined, ours: string, claims: Claims): string[] {
  const aud = claimAt(claims, 'aud')
  if (aud === undefined) return []
  const shown: unknown[] = Array.isArray(aud) ? aud : [aud]
  const fine = new Set(accepted ?? ownAudiences(ours))
  if (shown.some((one) => typeof one === 'string' && fine.has(one))) return []
  return [`aud: the rule asks for ${[...(accepted ?? [ours])].map(valueText).join(' or ')}, the token says ${valueText(aud)}`]
}

function subjectReasons(pattern: string, claims: Claims): string[] {
  const sub = claimAt(claims, 'sub')
  if (typeof sub === 'string' && spiffeIdFits(pattern, sub)) return []
  return [`sub: the rule asks for ${valueText(pattern)}, the token says ${valueText(sub)}`]
}

/** A JWT-SVID has no `iss`: its trust domain stands in `sub`. */
function issuerOf(claims: Claims): string {
  return valueText(claimAt(claims, 'iss') ?? claimAt(claims, 'sub'))
}
