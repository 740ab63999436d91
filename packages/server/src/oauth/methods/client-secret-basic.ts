import { hash, timingSafeEqual } from 'node:crypto'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import type { Database } from '../../db/database.ts'
import { type AuthenticatedClient, identitiesOf } from '../client.ts'
import { OAuthError } from '../oauth-error.ts'

/** The challenge that a failed attempt by header is answered with (RFC 6749 section 5.2). */
export const basicChallenge = { 'www-authenticate': 'Basic realm="keyward", charset="UTF-8"' }

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined and base64-encoded. */
export async function clientSecretBasic(db: Database, header: string): Promise<AuthenticatedClient> {
  const refused = () => new OAuthError('invalid_client', 'the client is unknown or its secret is wrong', { headers: basicChallenge })
  const text = header.slice('basic '.length).trim()
  const bytes = Buffer.from(text, 'base64')
  // Node's decoder skips what it does not know: one secret would have many spellings.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) throw refused()
  const decoded = bytes.toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) throw refused()
  let workload: string
  let secret: string
  try {
    workload = formDecode(decoded.slice(0, colon))
    secret = formDecode(decoded.slice(colon + 1))
  } catch {
    throw refused()
  }
  if (!isWellFormedSecret('clientSecret', secret)) throw refused()
  const digest = hash('sha256', secret, 'buffer')
  for (const identity of await identitiesOf(db, workload, 'client_secret_basic')) {
    if (identity.secretHash && identity.secretHash.length === digest.length && timingSafeEqual(identity.secretHash, digest))
      return { workload, identity: identity.id, method: 'client_secret_basic', grants: identity.params.grants ?? null, attests: false }
  }
  throw refused()
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
