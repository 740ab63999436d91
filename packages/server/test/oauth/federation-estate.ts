import type { IssuerKeys } from '@keyward/contract/issuers'
import { newId } from '../../src/observe/ids.ts'
import type { TokenService } from './token-service.ts'

export interface IssuerAt {
  readonly issuer: string
  readonly kind?: 'oidc' | 'spiffe'
  readonly preset?: 'github' | 'gitlab' | 'kubernetes' | 'google' | 'entra' | 'generic'
  readonly keysFrom?: IssuerKeys
  readonly allowPrivate?: boolean
  readonly ca?: string
  readonly attests?: boolean
}

export interface RuleAt {
  readonly method?: 'oidc' | 'spiffe_jwt'
  readonly claims?: Record<string, unknown>
  readonly spiffe_id?: string
  readonly audiences?: readonly string[]
  readonly single_use?: boolean
  readonly grants?: readonly string[]
}

let count = 0

/** Issuers and trust rules as rows, so that a test can also have what the API would refuse to make. */
export function federationEstate(service: TokenService) {
  const self = {
    /** Everything that was cached is read again, as a node does that missed changes. */
    changed: () => service.federation.onChange({ op: 'reset', seq: 1n }),
    async issuer(at: IssuerAt): Promise<string> {
      const id = newId('issuer')
      count += 1
      await service.db
        .insertInto('issuers')
        .values({
          id,
          name: `issuer ${count}`,
          kind: at.kind ?? 'oidc',
          issuer: at.issuer,
          preset: at.preset ?? 'generic',
          keys_from: JSON.stringify(at.keysFrom ?? { type: 'discovery' }),
          allow_private: at.allowPrivate ?? true,
          attests: at.attests ?? false,
          ca: at.ca ?? null,
        })
        .execute()
      self.changed()
      return id
    },
    async rule(workload: string, issuer: string, { method, ...params }: RuleAt): Promise<string> {
      const id = newId('identity')
      await service.db
        .insertInto('workload_identities')
        .values({ id, workload_id: workload, method: method ?? 'oidc', issuer_id: issuer, params: JSON.stringify(params) })
        .execute()
      self.changed()
      return id
    },
    /** A workload with a grant and a rule. */
    async workload(issuer: string, rule: RuleAt): Promise<{ workload: string; grant: string; identity: string }> {
      count += 1
      const workload = await service.addWorkload(`federated ${count}`)
      const grant = await service.addGrant(workload)
      return { workload, grant, identity: await self.rule(workload, issuer, rule) }
    },
    /** RFC 7523, section 2.1. */
    async bearer(assertion: string, more: Record<string, string> = {}) {
      return await post(service.issuer, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, ...more })
    },
    /** RFC 8693, section 2.1. */
    async exchange(subjectToken: string, more: Record<string, string> = {}) {
      return await post(service.issuer, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        ...more,
      })
    },
  }
  return self
}

export interface TokenAnswered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

async function post(issuer: string, form: Record<string, string>): Promise<TokenAnswered> {
  const response = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, headers: response.headers }
}
