import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { SigningKey } from '@keyward/testkit/issuers/signing-key'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, startConnecting } from '../support/connecting.ts'

/* Those who may write rules or publish keys, and mean no good: a rule over another team's jobs, an issuer that comes back, keys that never come. */

let at: Connecting
let issuer: FakeIssuer
let issuerId: string

beforeAll(async () => {
  ;[at, issuer] = await Promise.all([startConnecting(), startFakeIssuer()])
  issuerId = await trust('shared', issuer.issuer)
}, 60_000)
afterAll(async () => {
  await Promise.all([at?.stop(), issuer?.stop()])
})

async function trust(name: string, address: string): Promise<string> {
  const body = { name, kind: 'oidc', issuer: address, keys_from: { type: 'discovery' }, allow_private: true }
  return (await at.keyward.api<{ id: string }>('POST', '/api/v1/issuers', body)).id
}

/** A team with a workload, a grant, and somebody who may act for that team alone. */
async function makeTeam(name: string) {
  const post = async (path: string, body: object) => (await at.keyward.api<{ id: string }>('POST', path, body)).id
  const team = await post('/api/v1/owners', { kind: 'team', name, contact: `${name}@example.com` })
  const workload = await post('/api/v1/workloads', { name: `${name} ci`, type: 'ci', owner: team, environment: 'production' })
  const scope = { methods: ['GET'], paths: ['/**'] }
  const grant = await post('/api/v1/grants', { workload, resource: at.estate.resources.crm, scope })
  const operator = await at.addPerson(`operator-of-${name}`, [{ role: 'operator', team }])
  return { workload, grant, operator }
}

const rule = (workload: string, sub: string, ofIssuer = issuerId) =>
  ['POST', `/api/v1/workloads/${workload}/identities`, { method: 'oidc', issuer: ofIssuer, claims: { sub } }] as const
const ask = (assertion: string, more: Record<string, string> = {}) =>
  at.token({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, ...more })
const jobOf = (sub: string, by = issuer) => by.token({ sub, aud: at.keyward.issuer })

test('a rule of team A over the jobs of team B gets B nothing of A’s, A nothing of B’s, and B’s jobs that say who they are go on', async () => {
  const [a, b] = [await makeTeam('alpha'), await makeTeam('beta')]
  expect((await b.operator.ask(...rule(b.workload, 'job-of-beta'))).status).toBe(201)
  expect((await ask(jobOf('job-of-beta'))).status).toBe(200)
  // A cannot write a rule for B's workload; over B's jobs for its own it can.
  expect((await a.operator.ask(...rule(b.workload, 'job-of-alpha'))).status).toBe(404)
  expect((await a.operator.ask(...rule(a.workload, 'job-of-beta'))).status).toBe(201)
  const unnamed = await ask(jobOf('job-of-beta'))
  expect([unnamed.body.error, unnamed.body.error_description]).toEqual([
    'invalid_grant',
    expect.stringContaining('name yours by client_id'),
  ])
  const named = await ask(jobOf('job-of-beta'), { client_id: b.workload })
  expect([named.status, named.body.scope]).toEqual([200, `grant:${b.grant}`])
  expect((await ask(jobOf('job-of-beta'), { client_id: b.workload, scope: `grant:${a.grant}` })).body.error).toBe('invalid_scope')
  expect((await ask(jobOf('job-of-alpha'), { client_id: b.workload })).body.error).toBe('invalid_grant')
  const byGrant = await ask(jobOf('job-of-beta'), { scope: `grant:${b.grant}` })
  expect([byGrant.status, byGrant.body.scope]).toEqual([200, `grant:${b.grant}`])
  // An operator of a team revokes no issuer and makes none.
  for (const act of [`/api/v1/issuers/${issuerId}/revoke`, '/api/v1/issuers'])
    expect((await a.operator.ask('POST', act, { reason: 'mine now' })).status, act).toBeGreaterThanOrEqual(400)
  expect((await ask(jobOf('job-of-beta'), { client_id: b.workload })).status).toBe(200)
})

test('an issuer that was revoked and made anew under its name and address vouches for nobody whom the old one vouched for', async () => {
  const other = await startFakeIssuer()
  try {
    const { workload, operator } = await makeTeam('gamma')
    const old = await trust('comes back', other.issuer)
    await operator.ask(...rule(workload, 'job', old))
    const token = (await ask(jobOf('job', other))).body.access_token
    expect(await at.call(token)).toBe(200)
    await at.keyward.api('POST', `/api/v1/issuers/${old}/revoke`, { reason: 'lost its keys' })
    expect(await at.call(token)).toBe(401)
    const anew = await trust('comes back', other.issuer)
    expect((await ask(jobOf('job', other))).body.error).toBe('invalid_grant')
    expect(await at.call(token)).toBe(401)
    await operator.ask(...rule(workload, 'job', anew))
    expect((await ask(jobOf('job', other))).status).toBe(200)
    expect(await at.call(token)).toBe(401)
  } finally {
    await other.stop()
  }
})

test('keys that never come: 1,000 tokens cost one request, each is answered, others are served meanwhile, and the refusals are few lines', async () => {
  const waiting = new Set<ServerResponse>()
  let asked = 0
  const silent: Server = createServer((_request, response) => {
    asked += 1
    waiting.add(response)
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  try {
    const { workload, operator } = await makeTeam('delta')
    await operator.ask(...rule(workload, 'job', await trust('silent', address)))
    const key = new SigningKey({ alg: 'ES256', kid: 'nobody-knows' })
    const seconds = Math.floor(Date.now() / 1000)
    const token = (n: number) =>
      key.sign({ iss: address, sub: 'job', aud: at.keyward.issuer, iat: seconds, exp: seconds + 300, jti: `${n}` })
    const before = Number((await at.sql('select count(*) as n from audit_entries'))[0]?.n)
    const answers = Array.from({ length: 1_000 }, async (_, n) => await ask(token(n)))
    const { workload: served, operator: its } = await makeTeam('epsilon')
    await its.ask(...rule(served, 'job-of-epsilon'))
    expect((await ask(jobOf('job-of-epsilon'))).status).toBe(200)
    const told = await Promise.all(answers)
    expect(new Set(told.map(({ status, body }) => `${status} ${body.error}`))).toEqual(new Set(['503 temporarily_unavailable']))
    expect(asked).toBeLessThanOrEqual(3)
    expect(Number((await at.sql('select count(*) as n from audit_entries'))[0]?.n) - before).toBeLessThan(200)
  } finally {
    for (const response of waiting) response.destroy()
    silent.closeAllConnections()
    await new Promise((resolve) => silent.close(resolve))
  }
}, 60_000)
