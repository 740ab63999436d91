import { randomBytes } from 'node:crypto'
import type { IdentityCreate } from '@keyward/contract/identities'
import type { IssuerKeys } from '@keyward/contract/issuers'
import { derOf } from '@keyward/testkit/certificates'
import { insertIdentity } from '../../src/inventory/identities.ts'
import { newId } from '../../src/observe/ids.ts'
import type { TokenService } from './token-service.ts'

/** The headers in which a proxy that does TLS tells of a client's certificate (RFC 9440). */
export function certificateHeaders(cert: string, chain: string[] = []): Record<string, string> {
  const bytes = (pem: string) => `:${derOf(pem).toString('base64')}:`
  return { 'client-cert': bytes(cert), ...(chain.length === 0 ? {} : { 'client-cert-chain': chain.map(bytes).join(', ') }) }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** A form to an endpoint of the token service. */
export async function ask(
  service: TokenService,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(service.issuer + path, { method: 'POST', headers, body: new URLSearchParams(form) })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text },
  }
}

/** A token for a workload that a certificate names and proves. */
export async function askWith(
  service: TokenService,
  workload: string,
  cert: string,
  chain: string[] = [],
  more: Record<string, string> = {},
): Promise<Answer> {
  return await ask(
    service,
    '/oauth2/token',
    { grant_type: 'client_credentials', client_id: workload, ...more },
    certificateHeaders(cert, chain),
  )
}

export async function addIssuer(
  service: TokenService,
  kind: 'x509' | 'spiffe',
  keysFrom: IssuerKeys,
  more: { issuer?: string; attests?: boolean } = {},
): Promise<string> {
  const id = newId('issuer')
  const name = `${kind}-${randomBytes(4).toString('hex')}`
  await service.db
    .insertInto('issuers')
    .values({
      id,
      name,
      kind,
      issuer: more.issuer ?? name,
      preset: 'generic',
      keys_from: JSON.stringify(keysFrom),
      attests: more.attests ?? false,
    })
    .execute()
  return id
}

/** As the control API makes it. */
export async function addRule(service: TokenService, workload: string, input: IdentityCreate): Promise<string> {
  return (await service.db.transaction().execute((trx) => insertIdentity(trx, workload, input, ''))).id
}

/** A workload with a grant and one identity. */
export async function workloadWith(
  service: TokenService,
  name: string,
  input: IdentityCreate,
  grant: Parameters<TokenService['addGrant']>[1] = {},
) {
  const workload = await service.addWorkload(name)
  const grantId = await service.addGrant(workload, grant)
  return { workload, grant: grantId, identity: await addRule(service, workload, input) }
}
