import type { IncomingMessage } from 'node:http'
import { isAtLeast } from '../policy/assurance.ts'
import type { Plan } from './plan.ts'
import type { Presented } from './presented.ts'
import { Refusal } from './refusal.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'

/**
 * Holds the token to the key that it is bound to, afresh for every call (RFC 9449, section 7; RFC 8705, section 3).
 * @throws Refusal `proof_invalid`, `proof_nonce_required`, `certificate_required`, `assurance_too_low`, `token_invalid`
 */
export async function checkProof(
  { parts, settings }: Shared,
  request: IncomingMessage,
  { scheme, proof }: Presented,
  token: VerifiedToken,
  plan: Plan,
): Promise<void> {
  const { grant } = plan
  if (grant.requireDpop && token.binding !== 'dpop')
    throw new Refusal('proof_invalid', 'The grant takes only tokens that are bound to a key.')
  if (grant.requireMtls && token.binding !== 'mtls')
    throw new Refusal('certificate_required', 'The grant takes only tokens that are bound to a client certificate.')
  if (grant.minimumAssurance !== null && !isAtLeast(token.assurance ?? 'shared_secret', grant.minimumAssurance))
    throw new Refusal('assurance_too_low', `It asks for ${grant.minimumAssurance}, the token has ${token.assurance ?? 'shared_secret'}.`)
  if (token.binding !== 'dpop' && scheme === 'dpop')
    throw new Refusal('token_invalid', 'The token is not bound to a key: send it as Bearer.')
  if (token.binding === undefined) return
  if (token.binding === 'mtls') {
    if (parts.certificateOf?.(request) !== token.boundTo) throw new Refusal('certificate_required')
    return
  }
  if (scheme !== 'dpop') throw new Refusal('proof_invalid', 'The token is bound to a key: send it as `Authorization: DPoP`.')
  const url = `${settings.scheme}://${request.headers.host}${request.url?.split('?')[0]}`
  const checked = parts.verifier.verifyProof(token, { header: proof ?? '', method: request.method ?? 'GET', url })
  if (checked !== undefined) await checked
}
