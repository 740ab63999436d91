import type { IncomingMessage } from 'node:http'
import type { Plan } from './plan.ts'
import type { Presented } from './presented.ts'
import { Refusal } from './refusal.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'

/**
 * Holds the token to the key that it is bound to, afresh for every call (RFC 9449, section 7).
 * @throws Refusal `proof_invalid`, `proof_nonce_required`, `token_invalid`
 */
export async function checkProof(
  { parts, settings }: Shared,
  request: IncomingMessage,
  { scheme, proof }: Presented,
  token: VerifiedToken,
  plan: Plan,
): Promise<void> {
  if (token.boundTo === undefined) {
    if (plan.grant.requireDpop) throw new Refusal('proof_invalid', 'The grant takes only tokens that are bound to a key.')
    if (scheme === 'dpop') throw new Refusal('token_invalid', 'The token is not bound to a key: send it as Bearer.')
    return
  }
  if (scheme !== 'dpop') throw new Refusal('proof_invalid', 'The token is bound to a key: send it as `Authorization: DPoP`.')
  const url = `${settings.scheme}://${request.headers.host}${request.url?.split('?')[0]}`
  const checked = parts.verifier.verifyProof(token, { header: proof ?? '', method: request.method ?? 'GET', url })
  if (checked !== undefined) await checked
}
