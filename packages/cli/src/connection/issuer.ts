import { exitCodes, Failure } from '../failure.ts'
import { canonicalOrigin } from './address.ts'
import type { Api } from './api.ts'

/**
 * The name by which a server knows itself (RFC 8414): proofs of identity are made out to it. It has to be the server that was asked, or proofs
 * could be made out to somebody else.
 * @throws Failure
 */
export async function issuerOf(api: Api): Promise<string> {
  const response = await api.get('/.well-known/oauth-authorization-server')
  const metadata: unknown = response.ok ? await response.json().catch(() => undefined) : undefined
  const issuer = typeof metadata === 'object' && metadata !== null && 'issuer' in metadata ? metadata.issuer : undefined
  if (typeof issuer !== 'string')
    throw new Failure(exitCodes.refused, `${api.origin} is no token service of Keyward: it does not say its issuer`)
  if (URL.parse(issuer) === null || canonicalOrigin(issuer) !== canonicalOrigin(api.origin))
    throw new Failure(exitCodes.refused, `The server at ${api.origin} calls itself ${issuer}`, {
      fix: `Use its own name: --server ${issuer} (or correct KEYWARD_ISSUER there).`,
    })
  return issuer
}
