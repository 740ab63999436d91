import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Estate, makeEstate } from '../support/estate.ts'
import type { KeywardProcess } from '../support/keyward.ts'

/*
 * A token ends with whatever it comes from: what is taken away at one node is refused at the other within the bound, and its streams are
 * cut there. Also where a token is being minted at that moment, and where the node that was asked dies.
 */

const boundMs = 2_000
let cluster: Cluster
let openai: Fake
let estate: Estate
let a: KeywardProcess
let b: KeywardProcess
let sql: pg.Client
/** A workload that others hand tokens to, and its secret. */
let worker: { id: string; secret: string }
let further: { id: string; secret: string }
let own: string

beforeAll(async () => {
  openai = await startFakeOpenai()
  cluster = await startCluster(2)
  ;[a, b] = cluster.nodes as [KeywardProcess, KeywardProcess]
  sql = new pg.Client({ connectionString: cluster.databaseUrl })
  await sql.connect()
  estate = await makeEstate(a, [{ name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey }])
  worker = await makeWorkload('worker')
  further = await makeWorkload('further')
  own = await secretOf(estate.workload)
}, 120_000)
afterAll(async () => {
  await sql?.end()
  await cluster?.stop()
  await openai?.stop()
})

async function makeWorkload(name: string) {
  const body = { name, type: 'agent', owner: estate.owner, environment: 'production' }
  const { id } = await a.api<{ id: string }>('POST', '/api/v1/workloads', body)
  return { id, secret: await secretOf(id) }
}

async function secretOf(workload: string): Promise<string> {
  const made = await a.api<{ client_secret: string }>('POST', `/api/v1/workloads/${workload}/identities`, { method: 'client_secret_basic' })
  return made.client_secret
}

async function tokenAt(node: KeywardProcess, client: { id: string; secret: string }, form: Record<string, string>) {
  const response = await fetch(`${node.origin}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  })
  return { status: response.status, body: (await response.json()) as { access_token: string; error?: string; error_description?: string } }
}

async function minted(client: { id: string; secret: string }, grant: string): Promise<string> {
  const { status, body } = await tokenAt(a, client, { grant_type: 'client_credentials', scope: `grant:${grant}` })
  if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`)
  return body.access_token
}

const exchangeForm = (subject: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: subject,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
})

async function handedOn(to: { id: string; secret: string }, subject: string): Promise<string> {
  const { status, body } = await tokenAt(a, to, exchangeForm(subject))
  if (status !== 200) throw new Error(`not handed on: ${JSON.stringify(body)}`)
  return body.access_token
}

async function ask(node: KeywardProcess, token: string): Promise<number> {
  const response = await fetch(`${node.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4.1-mini', max_completion_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.arrayBuffer()
  return response.status
}

/** Polls, and fails where the bound is over. */
async function untilRefused(node: KeywardProcess, token: string): Promise<void> {
  const started = performance.now()
  for (;;) {
    const status = await ask(node, token)
    if (status !== 200) {
      expect([401, 403]).toContain(status)
      return
    }
    if (performance.now() - started > boundMs) throw new Error(`let through after ${boundMs} ms`)
  }
}

/** A stream that goes on for minutes. @returns what resolves with the rest of its text once it ended */
async function stream(node: KeywardProcess, token: string): Promise<{ rest: Promise<string> }> {
  const response = await fetch(`${node.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-fake-behaviour': JSON.stringify({ outputTokens: 4_000, pieceDelayMs: 100 }),
    },
    body: JSON.stringify({
      model: 'gpt-4.1-mini',
      max_completion_tokens: 5_000,
      stream: true,
      messages: [{ role: 'user', content: 'Count slowly' }],
    }),
  })
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const rest = async () => {
    let text = ''
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += new TextDecoder().decode(piece.value)
    } catch {
      text += '[socket broke]'
    }
    return text
  }
  return { rest: rest() }
}

const patchGrant = (grant: string, body: object) => a.api('PATCH', `/api/v1/grants/${grant}`, body, { 'if-match': '*' })

describe('a delegate that is taken out of a grant', () => {
  test('loses the tokens that it holds on every node, and so does whoever has one from it; the grant’s own stay', async () => {
    const grant = await estate.grant('openai', { delegates: [worker.id, further.id] })
    const first = await minted({ id: estate.workload, secret: own }, grant)
    const second = await handedOn(worker, first)
    const third = await handedOn(further, second)
    const kept = await handedOn(further, first)
    const cut = [await stream(b, second), await stream(b, third)]
    expect(await Promise.all([second, third, kept].map((token) => ask(b, token)))).toEqual([200, 200, 200])
    await patchGrant(grant, { delegates: [further.id] })
    for (const token of [second, third]) {
      expect(await ask(a, token)).toBe(401)
      await untilRefused(b, token)
    }
    for (const text of await Promise.all(cut.map(({ rest }) => rest))) expect(text).not.toContain('[DONE]')
    expect(await Promise.all([ask(b, first), ask(b, kept)])).toEqual([200, 200])
    // Named again, it has to ask again.
    await patchGrant(grant, { delegates: [worker.id, further.id] })
    expect(await ask(a, second)).toBe(401)
  }, 60_000)

  test('gets none that outlives it: 50 rounds of asking while it is taken out', async () => {
    const grant = await estate.grant('openai', { delegates: [worker.id] })
    const first = await minted({ id: estate.workload, secret: own }, grant)
    let got = 0
    for (let round = 0; round < 50; round++) {
      const asking = [tokenAt(a, worker, exchangeForm(first)), tokenAt(b, worker, exchangeForm(first))]
      const out = patchGrant(grant, { delegates: [] })
      const late = [tokenAt(b, worker, exchangeForm(first))]
      const answers = await Promise.all([...asking, ...late])
      await out
      got += answers.filter(({ status }) => status === 200).length
      const alive = await sql.query('select id from tokens where grant_id = $1 and actor_id = $2 and revoked_at is null', [
        grant,
        worker.id,
      ])
      expect(alive.rows).toEqual([])
      await patchGrant(grant, { delegates: [worker.id] })
    }
    // It would prove nothing if they were all too late.
    expect(got).toBeGreaterThan(0)
  }, 120_000)
})

describe('a grant that asks for more than it did', () => {
  test.each([{ minimum_assurance: 'key_bound' }, { require_dpop: true }, { require_mtls: true }, { scope: { models: ['gpt-5*'] } }])(
    '%j cuts the streams of weaker tokens on the other node, and refuses them there',
    async (raised) => {
      const grant = await estate.grant('openai', { scope: { models: ['gpt-*'] } })
      const token = await minted({ id: estate.workload, secret: own }, grant)
      const open = await stream(b, token)
      expect(await ask(b, token)).toBe(200)
      await patchGrant(grant, raised)
      await untilRefused(b, token)
      expect(await ask(a, token)).not.toBe(200)
      expect(await open.rest).not.toContain('[DONE]')
    },
    60_000,
  )
})

describe('a person', () => {
  const admin = { role: 'admin' }
  const operatorIn = (environment: string) => ({ role: 'operator', environment })

  async function personWithToken(roles: readonly object[], grant: string) {
    const name = `Somebody ${Math.random().toString(36).slice(2)}`
    const { id } = await a.api<{ id: string }>('POST', '/api/v1/users', { name, email: `${name.slice(9)}@example.com`, roles })
    const { url } = await a.api<{ url: string }>('POST', `/api/v1/users/${id}/sign-in-link`)
    const response = await fetch(`${a.origin}/api/v1/sign-in/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: a.issuer },
      body: JSON.stringify({ token: url.split('token=')[1] }),
    })
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const mint = async (): Promise<Response> =>
      await fetch(`${a.origin}/api/v1/grants/${grant}/tokens`, {
        method: 'POST',
        headers: { cookie, origin: a.issuer, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: '{}',
      })
    const answer = await mint()
    if (answer.status !== 200 && answer.status !== 201) throw new Error(`not minted: ${answer.status} ${await answer.text()}`)
    return { id, mint, token: ((await answer.json()) as { access_token: string }).access_token }
  }

  test.each([
    ['is disabled', { state: 'disabled' }],
    ['loses the role over the environment', { roles: [operatorIn('staging')] }],
  ] as const)(
    'who %s takes along what they minted by hand, and what was handed on from it',
    async (_what, change) => {
      const grant = await estate.grant('openai', { delegates: [worker.id] })
      const person = await personWithToken([operatorIn('production')], grant)
      const child = await handedOn(worker, person.token)
      expect(await Promise.all([ask(b, person.token), ask(b, child)])).toEqual([200, 200])
      const open = await stream(b, child)
      await a.api('PATCH', `/api/v1/users/${person.id}`, change)
      for (const token of [person.token, child]) {
        expect(await ask(a, token)).toBe(401)
        await untilRefused(b, token)
      }
      expect(await open.rest).not.toContain('[DONE]')
    },
    60_000,
  )

  test('whose role becomes another that allows it still keeps their tokens', async () => {
    const grant = await estate.grant('openai')
    const person = await personWithToken([operatorIn('production')], grant)
    await a.api('PATCH', `/api/v1/users/${person.id}`, { roles: [admin] })
    expect(await Promise.all([ask(a, person.token), ask(b, person.token)])).toEqual([200, 200])
  }, 60_000)
})

test('the node that took the delegate out dies as it does: either nothing happened, or the other node refuses the token', async () => {
  const grant = await estate.grant('openai', { delegates: [worker.id] })
  const token = await handedOn(worker, await minted({ id: estate.workload, secret: own }, grant))
  const dying = await cluster.add()
  const login = await dying.login()
  const asked = fetch(`${dying.origin}/api/v1/grants/${grant}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${login}`, 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ delegates: [] }),
  }).then(
    (response) => response.status,
    () => 0,
  )
  // Once the change can be seen it was announced: both are one transaction.
  for (;;) {
    const { rows } = await sql.query('select delegates from grants where id = $1', [grant])
    if (rows[0].delegates.length === 0) break
    if ((await Promise.race([asked, new Promise((resolve) => setTimeout(() => resolve(undefined), 1))])) === 0) break
  }
  await dying.kill()
  await asked
  await untilRefused(b, token)
}, 60_000)
