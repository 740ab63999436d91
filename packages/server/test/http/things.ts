import { createHash } from 'node:crypto'
import type { ApiServer } from './api-server.ts'

let count = 0
/** A name that nothing else has. */
export function unique(word: string): string {
  count += 1
  return `${word}-${count}`
}

/** A secret that looks like one and is none. */
export function fakeSecret(): string {
  return `sk-FAKE-EXAMPLE-${unique('x')}-${'0123456789abcdef'.repeat(2)}`
}

/** What a scanner reports of a secret. */
export function detectionOf(secret: string, more: Record<string, unknown> = {}) {
  return {
    detector: 'openai-project-key',
    provider: 'openai',
    name: 'OpenAI project API key',
    severity: 'critical',
    confidence: 0.9,
    sha256: createHash('sha256').update(secret).digest('hex'),
    masked: 'sk-proj-…ab (164 characters)',
    sightings: [{ source: 'file', path: 'src/.env', line: 3 }],
    ...more,
  }
}

/** Makes things through the API as one person, and gives their ids. Throws where one is refused. */
export function maker(api: ApiServer, token: string) {
  const make = async (path: string, body: Record<string, unknown>): Promise<string> => {
    const answered = await api.ask('POST', path, { token, body })
    if (answered.status !== 201) throw new Error(`${path}: ${answered.status} ${answered.text}`)
    return String(answered.body.id)
  }
  /** Does something to a thing. */
  const act = async (path: string, body: Record<string, unknown>) => {
    const answered = await api.ask('POST', path, { token, body })
    if (answered.status !== 200) throw new Error(`${path}: ${answered.status} ${answered.text}`)
    return answered.body
  }
  const self = {
    make,
    act,
    detection: async (secret: string, more: Record<string, unknown> = {}) => {
      const { items } = await act('/api/v1/detections', { detections: [detectionOf(secret, more)] })
      return String(items[0]?.id)
    },
    team: (name = unique('team')) => make('/api/v1/owners', { kind: 'team', name, contact: '#team' }),
    person: (team?: string) =>
      make('/api/v1/owners', { kind: 'person', name: unique('person'), contact: 'p@example.com', ...(team === undefined ? {} : { team }) }),
    credential: (owner: string, more: Record<string, unknown> = {}) =>
      make('/api/v1/credentials', {
        name: unique('credential'),
        kind: 'api_key',
        provider: 'openai',
        purpose: 'model',
        authority: ['consume'],
        environment: 'production',
        owner,
        ...more,
      }),
    workload: (owner: string, more: Record<string, unknown> = {}) =>
      make('/api/v1/workloads', { name: unique('workload'), type: 'agent', owner, environment: 'production', ...more }),
    resource: (credential: string, more: Record<string, unknown> = {}) =>
      make('/api/v1/resources', {
        name: unique('resource'),
        kind: 'llm',
        upstream: 'https://api.openai.com',
        provider: 'openai',
        credential,
        ...more,
      }),
    issuer: (more: Record<string, unknown> = {}) =>
      make('/api/v1/issuers', {
        name: unique('issuer'),
        kind: 'oidc',
        issuer: `https://${unique('issuer')}.example`,
        keys_from: { type: 'discovery' },
        ...more,
      }),
    tenant: () => make('/api/v1/tenants', { name: unique('tenant') }),
    grant: (workload: string, resource: string, more: Record<string, unknown> = {}) =>
      make('/api/v1/grants', { workload, resource, scope: { models: ['*'] }, ...more }),
    budget: (scope: Record<string, string>) => make('/api/v1/budgets', { scope, limit_usd: '10.00', window: 'day' }),
    price: () =>
      make('/api/v1/prices', { provider: 'openai', model: unique('model'), input_usd_per_million: '1', output_usd_per_million: '2' }),
    /** One of each, hanging together. */
    async chain(more: { environment?: string } = {}) {
      const owner = await self.team()
      const credential = await self.credential(owner, { secret: fakeSecret(), ...more })
      const resource = await self.resource(credential)
      const workload = await self.workload(owner, more)
      const grant = await self.grant(workload, resource)
      return { owner, credential, resource, workload, grant }
    },
  }
  return self
}
