import { rolesFor } from '@keyward/contract/permissions'
import type { Route } from '@keyward/contract/route'
import { allRoutes } from '@keyward/contract/routes'
import { roles } from '@keyward/contract/words'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPermission } from '../../src/http/action.ts'
import { type Answered, type ApiServer, startApi } from './api-server.ts'
import { type Case, routeCases } from './route-cases.ts'
import { maker } from './things.ts'

let api: ApiServer
let things: ReturnType<typeof maker>
const tokens = new Map<string, string>()
beforeAll(async () => {
  api = await startApi()
  for (const role of roles) tokens.set(role, await api.tokenOf(role))
  things = maker(api, tokens.get('admin') ?? '')
})
afterAll(() => api.stop())

const withPermission = allRoutes().flatMap((route) => (isPermission(route.access) ? [{ ...route, access: route.access }] : []))
/** Ids that nothing has, so that a route with parameters can be asked before anything exists. */
const unknownId = (path: string) => path.replaceAll(/\{[a-z_]+\}/g, () => 'x')

function send(route: Route, one: Case, token: string | undefined): Promise<Answered> {
  const path = route.path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => one.params?.[name] ?? 'missing')
  return api.ask(route.method, path, { token, body: one.body, headers: { ...one.headers } })
}

async function caseOf(route: Route): Promise<Case> {
  const make = routeCases[route.id]
  if (!make) throw new Error(`${route.id} has no case in route-cases.ts: say what a permitted request to it looks like`)
  return await make(things, api)
}

describe('every route', () => {
  test('that asks for a permission has a case, and no case is left over', () => {
    expect(Object.keys(routeCases).sort()).toEqual(withPermission.map((route) => route.id).sort())
  })

  test('that is not public answers 401 to nobody, whatever else is wrong with the request', async () => {
    for (const route of allRoutes().filter((one) => one.access !== 'public')) {
      const answered = await api.ask(route.method, unknownId(route.path))
      expect([route.id, answered.status, answered.body.code]).toEqual([route.id, 401, 'unauthenticated'])
    }
  })
})

describe.each(withPermission.map((route) => ({ name: route.id, route })))('$name', ({ route }) => {
  const allowed = rolesFor(route.access)

  test.each(roles.filter((role) => !allowed.includes(role)).map((role) => ({ role })))(
    'is refused to $role, on record',
    async ({ role }) => {
      const answered = await send(route, await caseOf(route), tokens.get(role))
      expect([answered.status, answered.body.code]).toEqual([403, 'forbidden'])
      expect(await recordOf(answered)).toMatchObject({ decision: 'refused', code: 'forbidden' })
    },
  )

  test.each(allowed.map((role) => ({ role })))('is done for $role', async ({ role }) => {
    const answered = await send(route, await caseOf(route), tokens.get(role))
    expect([answered.status, answered.status === route.status ? '' : answered.text]).toEqual([route.status, ''])
    if (route.method !== 'GET') expect(await recordOf(answered)).toMatchObject({ decision: 'done' })
  })
})

async function recordOf(answered: Answered) {
  return await api.db
    .selectFrom('audit_entries')
    .select(['action', 'decision', 'code', 'actor_id'])
    .where('correlation_id', '=', answered.headers.get('keyward-correlation-id'))
    .executeTakeFirst()
}

const owned = /^\/api\/v1\/(?:credentials|workloads|resources|grants|tokens|budgets|owners|detections)\/\{id\}/

describe('a role over another team', () => {
  test.each(withPermission.filter((route) => owned.test(route.path)).map((route) => ({ name: route.id, route })))(
    '$name: what is outside its reach is answered like what does not exist, to the byte',
    async ({ route }) => {
      const { token } = await api.addUser([{ role: 'admin', team: await things.team() }])
      const there = await caseOf(route)
      const before = await snapshot()
      const outside = await send(route, there, token)
      const { id = '' } = there.params ?? {}
      const absent = await send(route, { ...there, params: { ...there.params, id: `${id.slice(0, -6)}zzzzzz` } }, token)
      expect(outside.status).toBe(404)
      expect(withoutCorrelation(outside)).toEqual(withoutCorrelation(absent))
      expect(await snapshot()).toEqual(before)
    },
  )
})

function withoutCorrelation({ status, headers, text, body }: Answered) {
  const { correlation_id } = body
  const kept = [...headers].filter(([name]) => name !== 'keyward-correlation-id' && name !== 'date')
  return { status, headers: kept, text: text.replaceAll(String(correlation_id), 'req') }
}

/** What an act would have changed. */
async function snapshot(): Promise<unknown> {
  const { seq } = await api.db.selectFrom('change_counter').select('seq').executeTakeFirstOrThrow()
  return seq.toString()
}
