import { tokenClaims } from '../checks/jwt.ts'
import type { Doubt } from './generic.ts'

/** For JSON web tokens, by what they say of themselves. */
export function tokenDoubt(token: string): Doubt | undefined {
  const claims = tokenClaims(token)
  if (claims === undefined) return undefined
  if (claims.algorithm.toLowerCase() === 'none') return { verdict: 'not-a-secret', reason: 'It is not signed.' }
  if (claims.role === 'anon') return { verdict: 'unlikely', reason: 'Its role is anon: it is made for browsers.' }
  if (claims.subject === '1234567890') return { verdict: 'not-a-secret', reason: 'It is the example of a manual.' }
  if (/(?:^|[/.@])(?:example|localhost|test)(?:[.:/]|$)/i.test(claims.issuer ?? ''))
    return { verdict: 'unlikely', reason: 'Its issuer is an example.' }
  const { issuer, subject, audience, expiresAt, scopes, role } = claims
  if ([issuer, subject, audience, expiresAt, scopes, role].every((one) => one === undefined))
    return { verdict: 'unlikely', reason: 'It claims nothing: no issuer, no subject, no end.' }
  return undefined
}
