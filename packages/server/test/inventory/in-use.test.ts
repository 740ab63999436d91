import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { maker, unique } from '../http/things.ts'

let api: ApiServer
let token: string
let things: ReturnType<typeof maker>
beforeAll(async () => {
  api = await startApi()
  token = await api.tokenOf('admin')
  things = maker(api, token)
})
afterAll(() => api.stop())

const remove = (path: string) => api.ask('DELETE', `/api/v1/${path}`, { token, headers: { 'if-match': '*' } })

describe('deleting what is in use says by whom, and takes nothing', () => {
  test('of everything that hangs together, from the owner to the grant', async () => {
    const { owner, credential, resource, workload, grant } = await things.chain()
    const tenant = await things.tenant()
    const named = await things.grant(workload, resource, { tenant })
    const uses = async (path: string) => {
      const answered = await remove(path)
      expect([answered.status, answered.body.code]).toEqual([409, 'in-use'])
      return (answered.body.used_by as { kind: string; id: string }[]).map((use) => `${use.kind} ${use.id}`).sort()
    }
    expect(await uses(`owners/${owner}`)).toEqual([`credential ${credential}`, `workload ${workload}`].sort())
    expect(await uses(`credentials/${credential}`)).toEqual([`resource ${resource}`])
    expect(await uses(`resources/${resource}`)).toEqual([`grant ${grant}`, `grant ${named}`].sort())
    expect(await uses(`workloads/${workload}`)).toEqual([`grant ${grant}`, `grant ${named}`].sort())
    expect(await uses(`tenants/${tenant}`)).toEqual([`grant ${named}`])
    for (const path of [
      `owners/${owner}`,
      `credentials/${credential}`,
      `resources/${resource}`,
      `workloads/${workload}`,
      `tenants/${tenant}`,
    ]) {
      expect((await api.ask('GET', `/api/v1/${path}`, { token })).status).toBe(200)
    }
  })

  test('of an owner who is only a backup, a team with people, or the team of somebody’s role', async () => {
    const [team, backup] = [await things.team(), await things.team()]
    const person = await things.person(team)
    await things.credential(person, { backup_owner: backup })
    await api.addUser([{ role: 'viewer', team: backup }])
    const kinds = async (owner: string) =>
      ((await remove(`owners/${owner}`)).body.used_by as { kind: string }[]).map((use) => use.kind).sort()
    expect(await kinds(backup)).toEqual(['credential', 'role'])
    expect(await kinds(team)).toEqual(['owner'])
  })

  test('of an environment that something stands in', async () => {
    const environment = unique('env')
    await things.make('/api/v1/environments', { name: environment })
    const workload = await things.workload(await things.team(), { environment })
    expect((await remove(`environments/${environment}`)).body).toMatchObject({
      code: 'in-use',
      used_by: [{ kind: 'workload', id: workload }],
    })
  })
})

describe('a name that is taken', () => {
  test('is refused with the field, whatever its case; of a revoked thing it is free again', async () => {
    const owner = await things.team()
    const name = unique('Agent')
    const workload = await things.workload(owner, { name })
    const create = (body: Record<string, unknown>) =>
      api.ask('POST', '/api/v1/workloads', { token, body: { type: 'agent', owner, environment: 'production', ...body } })
    expect((await create({ name: name.toUpperCase() })).body).toMatchObject({ code: 'conflict', errors: [{ field: '/name' }] })
    expect((await create({ name, environment: 'staging' })).status).toBe(201)
    await api.ask('POST', `/api/v1/workloads/${workload}/revoke`, { token, body: { reason: 'replaced' } })
    expect((await create({ name })).status).toBe(201)
  })

  test('by two at once goes to one', async () => {
    const owner = await things.team()
    const body = { name: unique('race'), type: 'agent', owner, environment: 'production' }
    const answers = await Promise.all([1, 2, 3].map(() => api.ask('POST', '/api/v1/workloads', { token, body })))
    expect(answers.map((answered) => answered.status).sort()).toEqual([201, 409, 409])
  })
})

describe('an owner', () => {
  test('is required, must exist, and is never its own backup', async () => {
    const owner = await things.team()
    const body = { name: unique('w'), type: 'agent', environment: 'production' }
    const create = (more: Record<string, unknown>) => api.ask('POST', '/api/v1/workloads', { token, body: { ...body, ...more } })
    expect((await create({})).body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/owner', message: 'is required' }] })
    expect((await create({ owner: `own_${'0'.repeat(26)}` })).body).toMatchObject({ errors: [{ field: '/owner' }] })
    expect((await create({ owner, backup_owner: owner })).body).toMatchObject({ errors: [{ field: '/backup_owner' }] })
  })
})

describe('a role over one team and environment', () => {
  test('makes things there, sees only those, and nowhere else', async () => {
    const [team, other] = [await things.team(), await things.team()]
    const { token: limited } = await api.addUser([{ role: 'operator', team, environment: 'staging' }])
    const create = (owner: string, environment: string) =>
      api.ask('POST', '/api/v1/workloads', { token: limited, body: { name: unique('w'), type: 'agent', owner, environment } })
    const made = await create(team, 'staging')
    expect(made.status).toBe(201)
    expect((await create(team, 'production')).body.code).toBe('forbidden')
    expect((await create(other, 'staging')).body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/owner' }] })
    await things.workload(team)
    await things.workload(other, { environment: 'staging' })
    const seen = await api.ask('GET', '/api/v1/workloads', { token: limited })
    expect(seen.body.items.map((item) => item.id)).toEqual([made.body.id])
  })

  test('grants only what it reaches: not a resource of another team', async () => {
    const foreign = await things.chain()
    const team = await things.team()
    const workload = await things.workload(team)
    const { token: limited } = await api.addUser([{ role: 'operator', team }])
    const body = { workload, resource: foreign.resource, scope: { models: ['*'] } }
    const refused = await api.ask('POST', '/api/v1/grants', { token: limited, body })
    expect(refused.body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/resource' }] })
  })

  test('does not hand a thing to a team that it does not reach', async () => {
    const [team, other] = [await things.team(), await things.team()]
    const credential = await things.credential(team)
    const { token: limited } = await api.addUser([{ role: 'operator', team }])
    const refused = await api.ask('PATCH', `/api/v1/credentials/${credential}`, {
      token: limited,
      body: { owner: other },
      headers: { 'if-match': '*' },
    })
    expect(refused.body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/owner' }] })
  })
})
