import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { maker } from '../http/things.ts'

/* What a grant can ask of its tokens, as the API takes it. */

let api: ApiServer
let token: string
let workload: string
let resource: string

beforeAll(async () => {
  api = await startApi()
  token = await api.tokenOf('admin')
  const things = maker(api, token)
  const team = await things.team()
  workload = await things.workload(team)
  resource = await things.resource(await things.credential(team))
})
afterAll(() => api.stop())

const create = (demands: object) =>
  api.ask('POST', '/api/v1/grants', { token, body: { workload, resource, scope: { models: ['*'] }, ...demands } })

it('two bindings at once are refused, for no token could have both; also when the second is added later', async () => {
  expect((await create({ require_dpop: true, require_mtls: true })).body).toMatchObject({
    code: 'invalid-request',
    errors: [{ field: '/require_mtls' }],
  })
  const made = await create({ require_dpop: true })
  expect(made.status).toBe(201)
  const changed = await api.ask('PATCH', `/api/v1/grants/${made.body.id}`, {
    token,
    headers: { 'if-match': '*' },
    body: { require_mtls: true },
  })
  expect(changed.body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/require_mtls' }] })
})

it('a delegate is a workload in reach, and another than its own', async () => {
  expect((await create({ delegates: [workload] })).body).toMatchObject({ errors: [{ field: '/delegates/0' }] })
  expect((await create({ delegates: ['wl_00000000000000000000000000'] })).body).toMatchObject({ errors: [{ field: '/delegates/0' }] })
  const things = maker(api, token)
  const other = await things.workload(await things.team())
  const made = await create({ delegates: [other], minimum_assurance: 'key_bound' })
  expect(made.body).toMatchObject({ delegates: [other], minimum_assurance: 'key_bound', require_mtls: false })
})
