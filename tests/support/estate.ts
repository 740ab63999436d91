import type { KeywardProcess } from './keyward.ts'

/** What a test needs to make calls: an owner, credentials, resources, a workload. Everything is made over the API, as a person would. */
export interface Estate {
  readonly owner: string
  readonly workload: string
  readonly credentials: Readonly<Record<string, string>>
  readonly resources: Readonly<Record<string, string>>
  /** A grant for that resource. */
  grant(resource: string, more?: Record<string, unknown>): Promise<string>
  /** Mints a token by hand. */
  token(grant: string): Promise<string>
  budget(scope: Record<string, string>, limitUsd: string, window?: string): Promise<string>
}

export interface UpstreamAt {
  /** Name of the resource. */
  readonly name: string
  readonly provider?: string
  readonly kind?: 'llm' | 'http'
  readonly upstream: string
  readonly secret: string
  readonly authority?: readonly string[]
  readonly purpose?: string
  /** Of the resource: `call_seconds`, `first_byte_seconds`, `response_bytes`, … */
  readonly limits?: Readonly<Record<string, number>>
}

export async function makeEstate(keyward: KeywardProcess, upstreams: readonly UpstreamAt[]): Promise<Estate> {
  const post = async (path: string, body: unknown) => (await keyward.api<{ id: string }>('POST', path, body)).id
  const owner = await post('/api/v1/owners', { kind: 'team', name: 'Platform', contact: 'platform@example.com' })
  const credentials: Record<string, string> = {}
  const resources: Record<string, string> = {}
  for (const at of upstreams) {
    const provider = at.provider ?? 'custom'
    const credential = await post('/api/v1/credentials', {
      name: `${at.name} key`,
      kind: 'api_key',
      provider,
      purpose: at.purpose ?? (at.kind === 'http' ? 'data' : 'model'),
      authority: at.authority ?? ['consume', 'spend'],
      environment: 'production',
      owner,
      allowed_origins: [new URL(at.upstream).origin],
      secret: at.secret,
    })
    credentials[at.name] = credential
    resources[at.name] = await post('/api/v1/resources', {
      name: at.name,
      kind: at.kind ?? 'llm',
      upstream: at.upstream,
      ...(at.provider === undefined ? {} : { provider }),
      credential,
      allow_private: true,
      ...(at.limits === undefined ? {} : { limits: at.limits }),
    })
  }
  const workload = await post('/api/v1/workloads', { name: 'test agent', type: 'agent', owner, environment: 'production' })
  return {
    owner,
    workload,
    credentials,
    resources,
    grant: (resource, more = {}) => post('/api/v1/grants', { workload, resource: resources[resource], scope: { models: ['*'] }, ...more }),
    token: async (grant) => (await keyward.api<{ access_token: string }>('POST', `/api/v1/grants/${grant}/tokens`, {})).access_token,
    budget: (scope, limitUsd, window = 'total') => post('/api/v1/budgets', { scope, limit_usd: limitUsd, window }),
  }
}
