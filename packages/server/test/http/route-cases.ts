import { randomUUID } from 'node:crypto'
import { newId } from '../../src/observe/ids.ts'
import { askSecondOpinion } from '../../src/people/second-opinions.ts'
import type { ApiServer } from './api-server.ts'
import { detectionOf, fakeSecret, type maker, unique } from './things.ts'

/** A request that succeeds for whoever may make it. */
export interface Case {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

type Things = ReturnType<typeof maker>
type MakeCase = (things: Things, api: ApiServer) => Case | Promise<Case>

const reason = { reason: 'a test of who may' }
const anyRevision = { 'if-match': '*' }
const of = (make: (things: Things) => Promise<string>, more: Omit<Case, 'params'> = {}): MakeCase => {
  return async (things) => ({ params: { id: await make(things) }, ...more })
}
const owner = (things: Things) => things.team()
const credential = async (things: Things) => things.credential(await things.team())
const workload = async (things: Things) => things.workload(await things.team())
const resource = async (things: Things) => things.resource(await credential(things))
const grant = async (things: Things) => things.grant(await workload(things), await resource(things))
const budget = async (things: Things) => things.budget({ team: await things.team() })
const tenant = (things: Things) => things.tenant()
const issuer = (things: Things) => things.issuer()
const nobody: MakeCase = () => ({})

async function token(things: Things, api: ApiServer): Promise<string> {
  const id = await grant(things)
  const { id: user } = await api.addUser([{ role: 'admin' }])
  const minted = await api.services.minter.mint({ grant: id, method: 'by_hand', mintedBy: user })
  return minted.id
}

/** A detection of a secret that a credential of some team has. */
const detection: MakeCase = async (things) => {
  const secret = fakeSecret()
  await things.credential(await things.team(), { secret })
  return { params: { id: await things.detection(secret) } }
}

const oauthClient: MakeCase = async (_things, api) => ({ params: { id: await registerClient(api) } })

async function registerClient(api: ApiServer): Promise<string> {
  const id = newId('oauthClient')
  const row = { id, name: unique('client'), redirect_uris: ['https://app.example.com/callback'] }
  await api.db.insertInto('oauth_clients').values(row).execute()
  return id
}

async function consent(things: Things, api: ApiServer): Promise<string> {
  const id = newId('consent')
  const row = { id, user_id: await user(api), client: 'https://app.example.com/client.json', client_name: 'An editor' }
  await api.db
    .insertInto('consents')
    .values({ ...row, grant_id: await grant(things), expires_at: new Date(Date.now() + 86_400_000) })
    .execute()
  return id
}

async function user(api: ApiServer): Promise<string> {
  return (await api.addUser([{ role: 'viewer' }])).id
}

const provider = async (_things: Things, api: ApiServer) => {
  const id = newId('identityProvider')
  await api.db
    .insertInto('identity_providers')
    .values({
      id,
      name: unique('provider'),
      issuer: `https://${unique('idp')}.example`,
      client_id: 'keyward',
      scopes: ['openid'],
      groups_claim: 'groups',
      mappings: '[]',
      create_users: false,
    })
    .execute()
  return id
}

const link = async (things: Things, api: ApiServer) => {
  const [id, user_id] = [await provider(things, api), await user(api)]
  await api.db
    .insertInto('user_links')
    .values({ provider_id: id, subject: unique('sub'), user_id })
    .execute()
  return { id: user_id, provider: id }
}

/** Asked for by somebody else. */
const opinion = async (api: ApiServer) =>
  await askSecondOpinion(api.db, {
    by: await user(api),
    action: 'users.erase',
    summary: 'Erase somebody',
    details: [],
    digest: Buffer.from(unique('digest')),
  })

/** One for each route that asks for a permission, by the route's id. A route without one fails the authorization test. */
export const routeCases: Readonly<Record<string, MakeCase>> = {
  'credentials.list': nobody,
  'credentials.show': of(credential),
  'credentials.create': async (things) => ({
    body: {
      name: unique('credential'),
      kind: 'api_key',
      provider: 'openai',
      purpose: 'model',
      authority: ['consume'],
      environment: 'production',
      owner: await things.team(),
      secret: fakeSecret(),
    },
  }),
  'credentials.update': of(credential, { body: { description: 'changed' }, headers: anyRevision }),
  'credentials.add_version': async (things) => ({ params: { id: await credential(things) }, body: { secret: fakeSecret() } }),
  'credentials.delete': of(credential, { headers: anyRevision }),
  'credentials.revoke': of(credential, { body: reason }),
  'detections.report': () => ({ body: { detections: [detectionOf(fakeSecret())] } }),
  'detections.list': nobody,
  'detections.show': detection,
  'detections.dismiss': async (things, api) => ({ ...(await detection(things, api)), body: reason }),
  'detections.reopen': async (things, api) => {
    const one = await detection(things, api)
    await things.act(`/api/v1/detections/${one.params?.id}/dismiss`, reason)
    return one
  },
  'owners.list': nobody,
  'owners.show': of(owner),
  'owners.create': () => ({ body: { kind: 'team', name: unique('team'), contact: '#team' } }),
  'owners.update': of(owner, { body: { contact: '#other' }, headers: anyRevision }),
  'owners.delete': of(owner, { headers: anyRevision }),
  'teams.list': nobody,
  'tenants.list': nobody,
  'tenants.show': of(tenant),
  'tenants.create': () => ({ body: { name: unique('tenant') } }),
  'tenants.update': async (things) => ({ params: { id: await tenant(things) }, body: { name: unique('tenant') }, headers: anyRevision }),
  'tenants.delete': of(tenant, { headers: anyRevision }),
  'tenants.revoke': of(tenant, { body: reason }),
  'environments.list': nobody,
  'environments.create': () => ({ body: { name: unique('env') } }),
  'environments.delete': async (things) => {
    const name = unique('env')
    await things.make('/api/v1/environments', { name })
    return { params: { name } }
  },
  'workloads.list': nobody,
  'workloads.show': of(workload),
  'workloads.create': async (things) => ({
    body: { name: unique('workload'), type: 'agent', owner: await things.team(), environment: 'production' },
  }),
  'workloads.update': of(workload, { body: { description: 'changed' }, headers: anyRevision }),
  'workloads.delete': of(workload, { headers: anyRevision }),
  'workloads.add_identity': of(workload, { body: { method: 'client_secret_basic' } }),
  'workloads.revoke_identity': async (things) => {
    const id = await workload(things)
    return {
      params: { id, identity: await things.make(`/api/v1/workloads/${id}/identities`, { method: 'client_secret_basic' }) },
      body: reason,
    }
  },
  'workloads.revoke': of(workload, { body: reason }),
  'issuers.list': nobody,
  'issuers.show': of(issuer),
  'issuers.create': () => ({
    body: { name: unique('issuer'), kind: 'oidc', issuer: `https://${unique('issuer')}.example`, keys_from: { type: 'discovery' } },
  }),
  'issuers.update': of(issuer, { body: { description: 'changed' }, headers: anyRevision }),
  'issuers.delete': of(issuer, { headers: anyRevision }),
  'issuers.revoke': of(issuer, { body: reason }),
  'issuers.try': async (things) => ({ body: { issuer: await issuer(things), claims: { sub: 'somebody' } } }),
  'issuers.assess': of(issuer, { body: { claims: { sub: 'somebody' } } }),
  'resources.list': nobody,
  'resources.show': of(resource),
  'resources.create': async (things) => ({
    body: { name: unique('resource'), kind: 'llm', upstream: 'https://api.openai.com', credential: await credential(things) },
  }),
  'resources.update': of(resource, { body: { description: 'changed' }, headers: anyRevision }),
  'resources.delete': of(resource, { headers: anyRevision }),
  'oauth_clients.list': nobody,
  'oauth_clients.show': oauthClient,
  'oauth_clients.create': () => ({ body: { name: unique('client'), redirect_uris: ['https://app.example.com/callback'] } }),
  'oauth_clients.update': async (_things, api) => ({
    params: { id: await registerClient(api) },
    body: { name: unique('client') },
    headers: anyRevision,
  }),
  'oauth_clients.revoke': async (_things, api) => ({ params: { id: await registerClient(api) }, body: reason }),
  'consents.list': nobody,
  'consents.show': async (things, api) => ({ params: { id: await consent(things, api) } }),
  'consents.revoke': async (things, api) => ({ params: { id: await consent(things, api) }, body: reason }),
  'grants.list': nobody,
  'grants.show': of(grant),
  'grants.create': async (things) => ({
    body: { workload: await workload(things), resource: await resource(things), scope: { models: ['*'] } },
  }),
  'grants.update': of(grant, { body: { ttl_seconds: 60 }, headers: anyRevision }),
  'grants.delete': async (things, api) => {
    const id = await grant(things)
    await api.db.updateTable('grants').set({ state: 'revoked', revoked_at: new Date() }).where('id', '=', id).execute()
    return { params: { id }, headers: anyRevision }
  },
  'grants.mint': of(grant, { body: {} }),
  'grants.revoke': of(grant, { body: reason }),
  'tokens.list': nobody,
  'tokens.lineage': async (things, api) => ({ params: { id: await token(things, api) } }),
  'tokens.show': async (things, api) => ({ params: { id: await token(things, api) } }),
  'tokens.revoke': async (things, api) => ({ params: { id: await token(things, api) }, body: reason }),
  'budgets.list': nobody,
  'budgets.show': of(budget),
  'budgets.create': async (things) => ({ body: { scope: { team: await things.team() }, limit_usd: '5.00', window: 'day' } }),
  'budgets.update': of(budget, { body: { limit_usd: '7.00' }, headers: anyRevision }),
  'budgets.delete': of(budget, { headers: anyRevision }),
  'prices.list': nobody,
  'prices.create': () => ({
    body: { provider: 'openai', model: unique('model'), input_usd_per_million: '1', output_usd_per_million: '2' },
  }),
  'prices.delete': async (things) => ({ params: { id: await things.price() } }),
  'usage.list': nobody,
  'usage.summary': nobody,
  'audit.list': nobody,
  'overview.show': nobody,
  'nodes.list': nobody,
  'users.list': nobody,
  'users.show': async (_things, api) => ({ params: { id: await user(api) } }),
  'users.create': () => ({ body: { name: unique('User'), email: `${randomUUID()}@example.com`, roles: [{ role: 'viewer' }] } }),
  'users.update': async (_things, api) => ({ params: { id: await user(api) }, body: { name: unique('User') } }),
  'users.erase': async (_things, api) => ({ params: { id: await user(api) } }),
  'users.invite': async (_things, api) => ({ params: { id: await user(api) } }),
  'users.list_provider_links': async (_things, api) => ({ params: { id: await user(api) } }),
  'users.link_provider': async (things, api) => ({
    params: { id: await user(api) },
    body: { provider: await provider(things, api), subject: unique('sub') },
  }),
  'users.unlink_provider': async (things, api) => ({ params: await link(things, api) }),
  'identity_providers.list': nobody,
  'identity_providers.show': async (things, api) => ({ params: { id: await provider(things, api) } }),
  'identity_providers.create': async (_things, api) => ({
    body: { name: unique('provider'), issuer: await api.peopleProvider(), client_id: unique('client'), allow_private: true },
  }),
  'identity_providers.update': async (things, api) => ({
    params: { id: await provider(things, api) },
    body: { name: unique('provider') },
    headers: anyRevision,
  }),
  'identity_providers.delete': async (things, api) => ({ params: { id: await provider(things, api) }, headers: anyRevision }),
  'second_opinions.list': nobody,
  'second_opinions.show': async (_things, api) => ({ params: { id: await opinion(api) } }),
  'second_opinions.approve': async (_things, api) => ({ params: { id: await opinion(api) }, body: {} }),
  'second_opinions.refuse': async (_things, api) => ({ params: { id: await opinion(api) }, body: reason }),
  'settings.show': nobody,
  'settings.update': () => ({ body: { second_opinion: false } }),
  'sessions.list': nobody,
  'sessions.end': async (_things, api) => {
    const id = `ses_${'0'.repeat(22)}${unique('').slice(1).padStart(4, '0')}`
    await api.db
      .insertInto('sessions')
      .values({
        id,
        token_hash: Buffer.from(randomUUID()),
        user_id: await user(api),
        method: 'link',
        expires_at: new Date(Date.now() + 3_600_000),
      })
      .execute()
    return { params: { id } }
  },
}
