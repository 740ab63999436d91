import { TokenLineage } from '@keyward/contract/grants'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { VerifiedToken } from '../../src/oauth/verify.ts'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { maker } from '../http/things.ts'

let api: ApiServer
let admin: string

beforeAll(async () => {
  api = await startApi()
  admin = (await api.addUser([{ role: 'admin' }])).token
})
afterAll(() => api.stop())

it('a token shows where it comes from and what came of it, and a revocation in the middle ends all below', async () => {
  const things = maker(api, admin)
  const workload = await things.workload(await things.team())
  const grant = await things.grant(workload, await things.resource(await things.credential(await things.team())))
  const mint = async (parent?: { id: string; depth: number }) => {
    const above = parent && { token: verified(parent.id, grant, workload), depth: parent.depth }
    const { id } = await api.services.minter.mint({ grant, workload, method: 'private_key_jwt', ...(above ? { parent: above } : {}) })
    return { id, depth: parent === undefined ? 0 : parent.depth + 1 }
  }
  const root = await mint()
  const middle = await mint(root)
  const leaf = await mint(middle)
  const other = await mint(root)

  const lineage = async (id: string) => TokenLineage.parse((await api.ask('GET', `/api/v1/tokens/${id}/lineage`, { token: admin })).body)
  const ofMiddle = await lineage(middle.id)
  expect(ofMiddle).toMatchObject({ user: null, workload: { id: workload }, token: { id: middle.id, depth: 1 }, descendants_left_out: 0 })
  expect(ofMiddle.ancestors.map((one) => one.id)).toEqual([root.id])
  expect(ofMiddle.descendants.map((one) => one.id)).toEqual([leaf.id])
  expect((await lineage(root.id)).descendants).toHaveLength(3)
  expect((await lineage(leaf.id)).ancestors.map((one) => one.id)).toEqual([root.id, middle.id])

  const revoked = await api.ask('POST', `/api/v1/tokens/${middle.id}/revoke`, { token: admin, body: { reason: 'a test of lineage' } })
  expect(revoked.body).toMatchObject({ ended: { tokens: 2 } })
  const after = await lineage(root.id)
  expect(Object.fromEntries(after.descendants.map((one) => [one.id, one.state]))).toEqual({
    [middle.id]: 'revoked',
    [leaf.id]: 'revoked',
    [other.id]: 'live',
  })
})

function verified(id: string, grant: string, workload: string): VerifiedToken {
  return {
    id,
    grant,
    workload,
    subject: workload,
    user: undefined,
    client: workload,
    act: undefined,
    mayAct: undefined,
    tenant: undefined,
    identity: undefined,
    assurance: 'federated',
    narrowed: undefined,
    audience: '',
    boundTo: undefined,
    binding: undefined,
    ath: '',
    issuedAtMs: 0,
    expiresAtMs: Date.now() + 600_000,
  }
}
