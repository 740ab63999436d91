import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isAtLeast } from '../policy/assurance.ts'
import type { Plan } from './plan.ts'
import type { Presented } from './presented.ts'
import { Refusal } from './refusal.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'

/**
 * Whether the token is as strong as its grant asks for now: looked at for every call, and again for running ones when the grant changes.
 * @throws Refusal `proof_invalid`, `certificate_required`, `assurance_too_low`
 */
export function requireStrength({ grant }: Plan, token: VerifiedToken): void {
  if (grant.requireDpop && token.binding !== 'dpop')
    throw new Refusal('proof_invalid', 'The grant takes only tokens that are bound to a key.')
  if (grant.requireMtls && token.binding !== 'mtls')
    throw new Refusal('certificate_required', 'The grant takes only tokens that are bound to a client certificate.')
  if (grant.minimumAssurance !== null && !isAtLeast(token.assurance ?? 'shared_secret', grant.minimumAssurance))
    throw new Refusal('assurance_too_low', `It asks for ${grant.minimumAssurance}, the token has ${token.assurance ?? 'shared_secret'}.`)
}

/**
 * Holds the token to the key that it is bound to, afresh for every call (RFC 9449, section 7; RFC 8705, section 3).
 * @returns the digest of the body that the proof was made for, where it names one: `checkContentDigest`
 * @throws Refusal `proof_invalid`, `proof_nonce_required`, `certificate_required`, `assurance_too_low`, `token_invalid`
 */
export async function checkProof(
  { parts, settings }: Shared,
  request: IncomingMessage,
  { scheme, proof }: Presented,
  token: VerifiedToken,
  plan: Plan,
): Promise<string | undefined> {
  requireStrength(plan, token)
  if (token.binding !== 'dpop' && scheme === 'dpop')
    throw new Refusal('token_invalid', 'The token is not bound to a key: send it as Bearer.')
  if (token.binding === undefined) return undefined
  if (token.binding === 'mtls') {
    if (parts.certificateOf?.(request) !== token.boundTo) throw new Refusal('certificate_required')
    return undefined
  }
  if (scheme !== 'dpop') throw new Refusal('proof_invalid', 'The token is bound to a key: send it as `Authorization: DPoP`.')
  const url = `${settings.scheme}://${request.headers.host}${request.url?.split('?')[0]}`
  return await parts.verifier.verifyProof(token, { header: proof ?? '', method: request.method ?? 'GET', url })
}

const digests: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' }

/**
 * Compares the body with what its proof was made for: `sha-256=:BASE64:`, as in Content-Digest (RFC 9530; MCP's SEP-1932). Each digest that
 * is named and known has to fit, and one has to be known.
 * @param body null where there is none; undefined where it is passed on unread, and then nothing can be said about it
 * @throws Refusal `proof_invalid`
 */
export function checkContentDigest(digest: string, body: Buffer | null | undefined): void {
  if (body === undefined)
    throw new Refusal('proof_invalid', 'Its content_digest cannot be checked: the body is passed on without being read. Leave it out.')
  let known = 0
  for (const member of digest.split(',')) {
    const [, name = '', value] = /^\s*([a-z0-9-]{1,20})=:([A-Za-z0-9+/]{1,100}={0,2}):\s*$/.exec(member) ?? []
    if (value === undefined) throw new Refusal('proof_invalid', 'Its content_digest is not of the form sha-256=:BASE64:.')
    const algorithm = digests[name]
    if (algorithm === undefined) continue
    known += 1
    if (hash(algorithm, body ?? Buffer.alloc(0), 'base64') !== value)
      throw new Refusal('proof_invalid', 'Its content_digest is not that of the body.')
  }
  if (known === 0) throw new Refusal('proof_invalid', 'Its content_digest names neither sha-256 nor sha-512.')
}
