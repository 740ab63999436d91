import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { fakeSecret, maker } from '../http/things.ts'

let api: ApiServer
let token: string
let things: ReturnType<typeof maker>
const open = new Map<string, number>()
beforeAll(async () => {
  api = await startApi({ openStreams: (_kind, id) => open.get(id) ?? 0 })
  token = await api.tokenOf('admin')
  things = maker(api, token)
})
afterAll(() => api.stop())

const body = { reason: 'the laptop was stolen' }
const revoke = (kind: string, id: string) => api.ask('POST', `/api/v1/${kind}/${id}/revoke`, { token, body })
const show = async (kind: string, id: string) => (await api.ask('GET', `/api/v1/${kind}/${id}`, { token })).body

async function mint(grant: string): Promise<string> {
  const minted = await api.ask('POST', `/api/v1/grants/${grant}/tokens`, { token, body: {} })
  expect(minted.status).toBe(201)
  return String(minted.body.token_id)
}

describe('revoking', () => {
  test('a workload ends its grants, identities and tokens, says how many, and is heard before the answer', async () => {
    const { workload, grant, resource } = await things.chain()
    await things.grant(workload, resource)
    await things.make(`/api/v1/workloads/${workload}/identities`, { method: 'client_secret_basic' })
    const tokens = [await mint(grant), await mint(grant)]
    open.set(workload, 3)
    const heard: string[] = []
    const off = api.feed.on((change) => {
      if (change.op === 'revoked') heard.push(`${change.kind} ${change.subject}`)
    })
    const answered = await revoke('workloads', workload)
    expect(heard).toEqual([`workload ${workload}`])
    off()
    expect(answered.body).toMatchObject({
      kind: 'workload',
      id: workload,
      already: false,
      ended: { grants: 2, tokens: 2, streams: 3, versions: 0, identities: 1 },
      bound_ms: 1_500,
    })
    expect(await show('grants', grant)).toMatchObject({ state: 'revoked' })
    for (const one of tokens) expect(await show('tokens', one)).toMatchObject({ state: 'revoked', revoked_at: expect.any(String) })
    const { identities } = await show('workloads', workload)
    expect(identities).toMatchObject([{ revoked_at: expect.any(String) }])
    const again = await api.ask('POST', `/api/v1/grants/${grant}/tokens`, { token, body: {} })
    expect(again.body.code).toBe('already-revoked')
  })

  test('a tenant ends every grant that names it, whoever holds it', async () => {
    const tenant = await things.tenant()
    const [one, other] = [await things.chain(), await things.chain()]
    const grants = [
      await things.grant(one.workload, one.resource, { tenant }),
      await things.grant(other.workload, other.resource, { tenant }),
    ]
    await mint(grants[0] ?? '')
    expect((await revoke('tenants', tenant)).body).toMatchObject({ ended: { grants: 2, tokens: 1 } })
    for (const grant of grants) expect(await show('grants', grant)).toMatchObject({ state: 'revoked' })
    expect(await show('grants', one.grant)).toMatchObject({ state: 'active' })
  })

  test('a credential ends its versions and takes no further secret, but what was sealed stays for whoever ends it at the provider', async () => {
    const { credential } = await things.chain()
    await api.ask('POST', `/api/v1/credentials/${credential}/versions`, { token, body: { secret: fakeSecret() } })
    expect((await revoke('credentials', credential)).body).toMatchObject({ ended: { versions: 2, tokens: 0 } })
    const refused = await api.ask('POST', `/api/v1/credentials/${credential}/versions`, { token, body: { secret: fakeSecret() } })
    expect([refused.status, refused.body.code]).toEqual([409, 'already-revoked'])
    const rows = await api.db
      .selectFrom('credential_versions')
      .select(['state', 'ciphertext'])
      .where('credential_id', '=', credential)
      .execute()
    expect(rows.map((row) => [row.state, row.ciphertext !== null])).toEqual([
      ['revoked', true],
      ['revoked', true],
    ])
  })

  test('a token takes its descendants with it, also where their parents run in a circle, and nobody else', async () => {
    const { grant } = await things.chain()
    const [root, child, grandchild, other] = [await mint(grant), await mint(grant), await mint(grant), await mint(grant)]
    const parent = (id: string, of: string) => api.db.updateTable('tokens').set({ parent: of }).where('id', '=', id).execute()
    await parent(child ?? '', root ?? '')
    await parent(grandchild ?? '', child ?? '')
    await parent(root ?? '', grandchild ?? '')
    const heard: string[] = []
    const off = api.feed.on((change) => {
      if (change.op === 'revoked') heard.push(change.subject)
    })
    expect((await revoke('tokens', root ?? '')).body).toMatchObject({ ended: { tokens: 3 } })
    off()
    expect(heard.sort()).toEqual([root, child, grandchild].sort())
    expect(await show('tokens', grandchild ?? '')).toMatchObject({ state: 'revoked' })
    expect(await show('tokens', other ?? '')).toMatchObject({ state: 'live' })
  })

  test('an identity is announced by its id, and its tokens count as revoked', async () => {
    const { workload, grant } = await things.chain()
    const identity = await things.make(`/api/v1/workloads/${workload}/identities`, { method: 'client_secret_basic' })
    const minted = await api.services.minter.mint({ grant, workload, identity, method: 'client_secret_basic' })
    const heard: string[] = []
    const off = api.feed.on((change) => {
      if (change.op === 'revoked') heard.push(`${change.kind} ${change.subject}`)
    })
    const answered = await api.ask('POST', `/api/v1/workloads/${workload}/identities/${identity}/revoke`, { token, body })
    off()
    expect(answered.body).toMatchObject({ id: identity, revoked_at: expect.any(String) })
    expect(heard).toEqual([`identity ${identity}`])
    expect(await show('tokens', minted.id)).toMatchObject({ state: 'revoked' })
  })

  test('twice changes nothing: the first time stands, nothing is announced again, and both are on record with the reason', async () => {
    const { grant } = await things.chain()
    const first = await revoke('grants', grant)
    const before = api.feed.heardSeq
    const second = await revoke('grants', grant)
    expect(second.body).toMatchObject({ already: true, revoked_at: first.body.revoked_at, ended: { grants: 0, tokens: 0 } })
    expect(api.feed.heardSeq).toBe(before)
    const entries = await api.db
      .selectFrom('audit_entries')
      .select(['action', 'reason', 'grant_id'])
      .where('grant_id', '=', grant)
      .where('action', '=', 'grant.revoke')
      .execute()
    expect(entries.map((entry) => entry.reason)).toEqual([body.reason, body.reason])
  })

  test('a workload with 100,000 live tokens writes none of them, and all count as ended', async () => {
    const { workload, grant, resource } = await things.chain()
    await sql`insert into tokens (id, grant_id, workload_id, resource_id, method, issued_at, expires_at)
      select 'tok_' || lpad(i::text, 26, '0'), ${grant}, ${workload}, ${resource}, 'by_hand', now(), now() + interval '10 minutes'
      from generate_series(1, 100000) i`.execute(api.db)
    const answered = await revoke('workloads', workload)
    expect(answered.body).toMatchObject({ ended: { grants: 1, tokens: 100_000 } })
    const { count } = await api.db
      .selectFrom('tokens')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('workload_id', '=', workload)
      .where('revoked_at', 'is not', null)
      .executeTakeFirstOrThrow()
    expect(count).toBe(0n)
  })
})
