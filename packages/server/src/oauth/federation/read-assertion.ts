import { limits } from '@keyward/contract/limits'
import { type IssuerAlg, issuerAlgs } from '../../trust/verification-key.ts'
import { MalformedJws, readStrictJws, typeOf } from '../strict-jws.ts'
import { FederationRefused } from './federation.ts'

/** A token of some issuer, taken apart; nothing of it is verified. */
export interface Assertion {
  readonly compact: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly alg: IssuerAlg
  readonly kid: string | undefined
  readonly issuer: string | undefined
  readonly subject: string
  readonly audiences: readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  readonly jti: string | undefined
}

/** Clocks of issuers and ours differ by this much at most. */
const skewSeconds = 60
/** A token for a workload's own proof lives for minutes or hours; one of a year is a secret by another name. */
const lifeSecondsMax = 86_400
const subjectCharsMax = 2_048
const audiencesMax = 20
const idCharsMax = 512

/**
 * Reads a token of an issuer as far as that goes without its keys: the form with the strictness of RFC 8725, the algorithm, the type, the
 * claims that every token has (RFC 7523, section 3).
 * @throws FederationRefused
 */
export function readAssertion(compact: string): Assertion {
  const { header, payload } = takeApart(compact)
  if (isDeeper(payload, limits.jsonDepthMax) || isDeeper(header, limits.jsonDepthMax)) throw malformed('is nested too deep')
  const alg = issuerAlgs.find((one) => one === header.alg)
  if (alg === undefined)
    throw malformed('is signed with an algorithm that is not accepted: it has to be one of RS, PS or ES with 256, 384 or 512, or EdDSA')
  const type = typeOf(header)
  if (header.typ !== undefined && type !== 'jwt' && type !== 'jose')
    throw new FederationRefused('type', 'its typ is that of another kind of token')
  const { kid } = header
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > idCharsMax)) throw malformed('has a kid that is no short text')
  const { iss, sub, aud, exp, jti } = payload
  if (iss !== undefined && typeof iss !== 'string') throw malformed('has an iss that is no text')
  if (typeof sub !== 'string' || sub === '' || sub.length > subjectCharsMax) throw malformed('has no sub')
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length === 0 || audiences.length > audiencesMax || !audiences.every((one) => typeof one === 'string' && one !== ''))
    throw malformed('has no aud, or one that is not text')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw malformed('has no exp')
  if (jti !== undefined && (typeof jti !== 'string' || jti.length > idCharsMax)) throw malformed('has a jti that is no short text')
  return {
    compact,
    header,
    claims: payload,
    alg,
    kid,
    issuer: iss,
    subject: sub,
    audiences: audiences as string[],
    exp,
    jti: jti === '' ? undefined : jti,
  }
}

/** What is wrong with its times; empty where nothing is. */
export function timeProblems({ claims, exp }: Assertion, nowMs: number): string[] {
  const now = nowMs / 1000
  const { nbf, iat } = claims
  const found: string[] = []
  if (exp <= now - skewSeconds) found.push('it has ended')
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now + skewSeconds)) found.push('it is not valid yet')
  if (iat !== undefined && (typeof iat !== 'number' || iat > now + skewSeconds)) found.push('it was issued in the future')
  const begins = typeof iat === 'number' ? Math.min(iat, now) : now
  if (exp - begins > lifeSecondsMax + skewSeconds) found.push('it lives too long: a day at most')
  return found
}

/** Until when its `jti` has to be remembered. */
export function rememberUntil({ exp }: Assertion): Date {
  return new Date((exp + 2 * skewSeconds) * 1000)
}

const spiffeHeaders = new Set(['alg', 'kid', 'typ'])

/** What makes a token no JWT-SVID (SPIFFE JWT-SVID, section 2); empty where nothing does. */
export function svidProblems({ header, alg }: Assertion): string[] {
  const strange = Object.keys(header).find((name) => !spiffeHeaders.has(name))
  return [
    ...(strange === undefined ? [] : ['it has a header that a JWT-SVID must not have']),
    ...(alg === 'EdDSA' ? ['its algorithm is none of those of a JWT-SVID'] : []),
    ...(header.typ !== undefined && header.typ !== 'JWT' && header.typ !== 'JOSE' ? ['its typ is not JWT or JOSE'] : []),
  ]
}

/** What an OIDC issuer's token must not be. */
export function oidcProblems({ header }: Assertion): string[] {
  return header.typ !== undefined && String(header.typ).toLowerCase().endsWith('jose') ? ['its typ is that of another kind of token'] : []
}

function takeApart(compact: string): ReturnType<typeof readStrictJws> {
  try {
    return readStrictJws(compact)
  } catch (error) {
    if (error instanceof MalformedJws) throw malformed(error.message)
    throw error
  }
}

/** True where objects and lists lie in one another more than so many times. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1))
}

function malformed(what: string): FederationRefused {
  return new FederationRefused('malformed', `it ${what}`)
}
