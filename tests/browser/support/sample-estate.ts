import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import type { KeywardProcess } from '../../support/keyward.ts'
import { reportSampleDetections } from './sample-detections.ts'

/** An organisation as it may look after its first weeks: made over the API and by real calls. */
export interface SampleEstate {
  readonly openai: Fake
  readonly anthropic: Fake
  readonly ids: Readonly<Record<'owner' | 'credential' | 'resource' | 'workload' | 'grant' | 'budget' | 'tenant' | 'user', string>>
  stop(): Promise<void>
}

export async function makeSampleEstate(keyward: KeywardProcess, callsPerGrant: number): Promise<SampleEstate> {
  const [openai, anthropic] = await Promise.all([startFakeOpenai(), startFakeAnthropic()])
  const post = async (path: string, body: unknown) => (await keyward.api<{ id: string }>('POST', `/api/v1${path}`, body)).id
  const platform = await post('/owners', { kind: 'team', name: 'Platform', contact: 'platform@example.com' })
  const support = await post('/owners', { kind: 'team', name: 'Customer support', contact: '#support-agents', backup: platform })
  const ada = await post('/owners', { kind: 'person', name: 'Ada Byron', contact: 'ada@example.com', team: platform, backup: support })
  await post('/owners', { kind: 'person', name: 'Grace Tanaka', contact: 'grace@example.com', team: support })
  const tenant = await post('/tenants', { name: 'Northwind Traders', external_id: 'nw-4411' })
  await post('/tenants', { name: 'Fabrikam', external_id: 'fab-0937' })
  const key = (
    name: string,
    provider: string,
    origin: string | undefined,
    secret: string | undefined,
    more: Record<string, unknown> = {},
  ) =>
    post('/credentials', {
      name,
      kind: 'api_key',
      provider,
      purpose: 'model',
      authority: ['consume', 'spend'],
      environment: 'production',
      owner: platform,
      ...(origin === undefined ? {} : { allowed_origins: [origin] }),
      ...(secret === undefined ? {} : { secret }),
      ...more,
    })
  const openaiKey = await key('OpenAI, production', 'openai', openai.origin, fakeOpenaiKey, {
    backup_owner: support,
    description: 'For all agents in production.',
  })
  const anthropicKey = await key('Anthropic, support', 'anthropic', anthropic.origin, fakeAnthropicKey, {
    owner: support,
    expires_at: new Date(Date.now() + 9 * 86_400_000).toISOString(),
  })
  await key('CRM read access', 'acme-crm', 'https://crm.example.com', 'crm_FAKE_EXAMPLE_0123456789abcdef', {
    purpose: 'data',
    authority: ['consume'],
    owner: ada,
  })
  await key('Release signing', 'github', undefined, undefined, {
    purpose: 'deploy',
    authority: ['modify'],
    owner: ada,
    kind: 'oauth_token',
  })
  const resource = (name: string, provider: string, upstream: string, credential: string) =>
    post('/resources', { name, kind: 'llm', provider, upstream, credential, allow_private: true })
  const viaOpenai = await resource('openai', 'openai', openai.origin, openaiKey)
  const viaAnthropic = await resource('anthropic', 'anthropic', anthropic.origin, anthropicKey)
  const workload = (name: string, type: string, owner: string) => post('/workloads', { name, type, owner, environment: 'production' })
  const agent = await workload('support-agent', 'agent', support)
  const pipeline = await workload('ticket-classifier', 'pipeline', platform)
  const reviewer = await workload('code-reviewer', 'ci', ada)
  const grants = [
    await post('/grants', {
      workload: agent,
      resource: viaAnthropic,
      tenant,
      scope: { models: ['claude-*'] },
      limits: { requests_per_minute: 600 },
      reason: 'answers tickets',
    }),
    await post('/grants', { workload: pipeline, resource: viaOpenai, scope: { models: ['gpt-4.1-mini', 'gpt-4.1'] }, ttl_seconds: 900 }),
    await post('/grants', { workload: reviewer, resource: viaOpenai, scope: { models: ['gpt-4.1'] }, ttl_seconds: 300 }),
  ]
  const budget = await post('/budgets', { scope: { org: 'org' }, limit_usd: '250.00', window: 'month' })
  await post('/budgets', { scope: { team: support }, limit_usd: '0.25', window: 'day' })
  await post('/budgets', { scope: { grant: grants[2] }, limit_usd: '0.04', window: 'day' })
  const user = await post('/users', { name: 'Grace Tanaka', email: 'grace@example.com', roles: [{ role: 'operator', team: support }] })
  await post('/users', { name: 'Otto Prüfer', email: 'otto@example.com', roles: [{ role: 'auditor' }] })
  for (const grant of grants) await makeCalls(keyward, grant, callsPerGrant)
  await reportSampleDetections(keyward, fakeOpenaiKey)
  return {
    openai,
    anthropic,
    ids: { owner: platform, credential: openaiKey, resource: viaOpenai, workload: agent, grant: grants[0] ?? '', budget, tenant, user },
    async stop() {
      await Promise.all([openai.stop(), anthropic.stop()])
    },
  }
}

/** Real calls under a grant; every seventh asks for a model that the grant does not allow. */
export async function makeCalls(keyward: KeywardProcess, grant: string, calls: number): Promise<void> {
  const { resource, scope } = await keyward.api<{ resource: string; scope: { models: string[] } }>('GET', `/api/v1/grants/${grant}`)
  const { address, provider } = await keyward.api<{ address: string; provider: string }>('GET', `/api/v1/resources/${resource}`)
  const { access_token } = await keyward.api<{ access_token: string }>('POST', `/api/v1/grants/${grant}/tokens`, {})
  const anthropic = provider === 'anthropic'
  for (let at = 0; at < calls; at++) {
    const allowed = anthropic ? ['claude-sonnet-4-5', 'claude-haiku-4-5'] : scope.models
    const model = at % 7 === 6 ? 'gpt-5-pro' : (allowed[at % allowed.length] ?? '')
    const question = 'A ticket from a customer: '.repeat(20 + (at % 5) * 60)
    const response = await fetch(anthropic ? `${address}/v1/messages` : `${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${access_token}`, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens: 400, messages: [{ role: 'user', content: question }] }),
    })
    await response.arrayBuffer()
  }
}
