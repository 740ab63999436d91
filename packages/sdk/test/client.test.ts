import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../../server/test/http/api-server.ts'
import { fakeSecret, unique } from '../../server/test/http/things.ts'
import { createClient, type KeywardClient } from '../src/client.ts'
import { KeywardApiError, KeywardUnreachableError } from '../src/errors.ts'

let api: ApiServer
let keyward: KeywardClient
let token: string
beforeAll(async () => {
  api = await startApi()
  token = await api.tokenOf('admin')
  keyward = createClient({ origin: `${api.origin}/`, token })
})
afterAll(() => api.stop())

async function team() {
  return await keyward.owners.create({ kind: 'team', name: unique('team'), contact: '#team' })
}

describe('the client against the real API', () => {
  test('creates, reads, changes and deletes with the types of the route table', async () => {
    const owner = await team()
    const made = await keyward.credentials.create({
      name: unique('credential'),
      kind: 'api_key',
      provider: 'openai',
      purpose: 'model',
      authority: ['consume'],
      environment: 'production',
      owner: owner.id,
      secret: fakeSecret(),
    })
    expect(made.versions).toHaveLength(1)
    const changed = await keyward.credentials.update(made.id, { description: 'for support' }, { revision: made.revision })
    expect(changed.revision).toBe(made.revision + 1)
    expect((await keyward.credentials.show(made.id)).description).toBe('for support')
    await keyward.credentials.delete(made.id, { revision: changed.revision })
    // @ts-expect-error a credential needs an owner
    const unowned = () => keyward.credentials.create({ name: 'x', kind: 'api_key' })
    // @ts-expect-error there is no such filter
    const filtered = () => keyward.credentials.list({ colour: 'blue' })
    expect([unowned, filtered]).toHaveLength(2)
  })

  test('a list gives its first page when awaited, and every item of every page when iterated', async () => {
    const names = []
    for (let i = 0; i < 5; i++) names.push((await keyward.tenants.create({ name: unique('tenant') })).name)
    const first = await keyward.tenants.list({ limit: 2 })
    expect(first.items).toHaveLength(2)
    const seen: string[] = []
    for await (const tenant of keyward.tenants.list({ limit: 2 })) seen.push(tenant.name)
    expect(seen).toEqual([...names].reverse())
  })

  test('an old revision is refused with a code, a fix and a correlation id, not overwritten', async () => {
    const owner = await team()
    await keyward.owners.update(owner.id, { contact: '#new' }, { revision: owner.revision })
    const refused = await keyward.owners
      .update(owner.id, { contact: '#late' }, { revision: owner.revision })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(KeywardApiError)
    expect(refused).toMatchObject({
      status: 412,
      code: 'precondition-failed',
      correlationId: expect.stringMatching(/^req_/),
      fix: expect.any(String),
    })
  })

  test('refused fields and what uses a thing come with the error', async () => {
    const owner = await team()
    const refused = await keyward.owners.create({ kind: 'team', name: '', contact: '#team' }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'invalid-request', errors: [{ field: '/name', message: 'must not be empty' }] })
    const workload = await keyward.workloads.create({ name: unique('agent'), type: 'agent', owner: owner.id, environment: 'production' })
    const used = await keyward.owners.delete(owner.id).catch((error: unknown) => error)
    expect(used).toMatchObject({ code: 'in-use', usedBy: [{ kind: 'workload', id: workload.id, name: workload.name }] })
  })

  test('the same idempotency key makes one thing, and every call without one makes another', async () => {
    const body = { kind: 'person' as const, name: unique('person'), contact: 'a@example.com' }
    const [first, second] = [
      await keyward.owners.create(body, { idempotencyKey: 'same' }),
      await keyward.owners.create(body, { idempotencyKey: 'same' }),
    ]
    expect(second.id).toBe(first.id)
    await expect(keyward.owners.create(body)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('the client on a bad network', () => {
  test('an answer that was lost is asked for again under the same key: one thing is made', async () => {
    let lost = 0
    const flaky = createClient({
      origin: api.origin,
      token,
      fetch: async (...args) => {
        const response = await fetch(...args)
        if (lost > 0) return response
        lost += 1
        await response.arrayBuffer()
        throw new TypeError('the connection broke after the request was done')
      },
    })
    const name = unique('person')
    const made = await flaky.owners.create({ kind: 'person', name, contact: 'a@example.com' })
    expect(made.name).toBe(name)
    expect(lost).toBe(1)
    const { items } = await keyward.owners.list({ q: name })
    expect(items.map((owner) => owner.id)).toEqual([made.id])
  })

  test('what cannot be repeated safely is not', async () => {
    let asked = 0
    const dead = createClient({
      origin: api.origin,
      token,
      fetch: () => {
        asked += 1
        return Promise.reject(new TypeError('no connection'))
      },
    })
    await expect(dead.owners.delete('own_00000000000000000000000000')).rejects.toBeInstanceOf(KeywardUnreachableError)
    expect(asked).toBe(1)
  })

  test('something that is not Keyward is told apart from a refusal', async () => {
    const server = createServer((_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>proxy</h1>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const other = createClient({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'kwu_x' })
    await expect(other.me.show()).rejects.toMatchObject({ code: 'unexpected-answer', status: 502 })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})
