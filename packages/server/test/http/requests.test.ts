import { errorDefinitions } from '@keyward/contract/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from './api-server.ts'
import { maker, unique } from './things.ts'

let api: ApiServer
let token: string
let things: ReturnType<typeof maker>
beforeAll(async () => {
  api = await startApi()
  token = await api.tokenOf('admin')
  things = maker(api, token)
})
afterAll(() => api.stop())

const team = (name: string) => ({ kind: 'team', name, contact: '#team' })

describe('an idempotency key', () => {
  const create = (name: string, key: string, by = token) =>
    api.ask('POST', '/api/v1/owners', { token: by, body: team(name), headers: { 'idempotency-key': key } })

  test('sent by twenty at once makes one thing; each gets it or is told to wait', async () => {
    const name = unique('team')
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(name, 'twenty')))
    const made = answers.filter((answered) => answered.status === 201)
    expect(new Set(made.map((answered) => answered.body.id)).size).toBe(1)
    for (const answered of answers) if (answered.status !== 201) expect(answered.body.code).toBe('idempotency-conflict')
    const rows = await api.db.selectFrom('owners').select('id').where('name', '=', name).execute()
    expect(rows).toHaveLength(1)
    const entries = await api.db
      .selectFrom('audit_entries')
      .select('id')
      .where('target_id', '=', rows[0]?.id ?? '')
      .execute()
    expect(entries).toHaveLength(1)
  })

  test('repeated gives the same answer and ETag, marked as repeated', async () => {
    const name = unique('team')
    const [first, again] = [await create(name, 'again'), await create(name, 'again')]
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([first.status, first.text, first.headers.get('etag')])
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true'])
  })

  test('for another body or another route is a conflict, and by another person another request', async () => {
    await create(unique('team'), 'other')
    expect((await create(unique('team'), 'other')).body.code).toBe('idempotency-conflict')
    const tenant = await api.ask('POST', '/api/v1/tenants', { token, body: { name: unique('t') }, headers: { 'idempotency-key': 'other' } })
    expect(tenant.body.code).toBe('idempotency-conflict')
    expect((await create(unique('team'), 'other', await api.tokenOf('admin'))).status).toBe(201)
  })

  test('of a refused request may be used again: what failed is not remembered', async () => {
    const name = unique('team')
    await create(name, 'first')
    expect((await create(name, 'refused')).body.code).toBe('conflict')
    await api.db
      .updateTable('owners')
      .set({ name: unique('moved') })
      .where('name', '=', name)
      .execute()
    expect((await create(name, 'refused')).status).toBe(201)
  })

  test('that is no key is refused by the name of its header', async () => {
    expect((await create('x', 'with space')).body).toMatchObject({ code: 'invalid-request', errors: [{ field: 'header.Idempotency-Key' }] })
  })
})

describe('changing something', () => {
  const patch = (id: string, headers: Record<string, string>, contact = '#new') =>
    api.ask('PATCH', `/api/v1/owners/${id}`, { token, body: { contact }, headers })

  test('needs If-Match, takes the current ETag once, and gives the next', async () => {
    const id = await things.team()
    expect((await patch(id, {})).body.code).toBe('precondition-required')
    const etag = (await api.ask('GET', `/api/v1/owners/${id}`, { token })).headers.get('etag') ?? ''
    const changed = await patch(id, { 'if-match': etag })
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"'])
    expect((await patch(id, { 'if-match': etag })).body.code).toBe('precondition-failed')
    expect((await patch(id, { 'if-match': 'W/"2"' })).body.code).toBe('precondition-failed')
    expect((await patch(id, { 'if-match': '*' })).status).toBe(200)
  })

  test('by ten at once on one ETag succeeds once', async () => {
    const id = await things.team()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => patch(id, { 'if-match': '"1"' }, `#channel-${i}`)))
    expect(answers.map((answered) => answered.status).sort()).toEqual([200, ...new Array(9).fill(412)])
  })
})

describe('a request', () => {
  test('with several wrong fields gets each by its place, in words, with unknown ones named', async () => {
    const answered = await api.ask('POST', '/api/v1/credentials', {
      token,
      body: { name: 'x', kind: 'apikey', provider: 'openai', purpose: 'model', authority: [], environment: 'Prod!', ownr: 'own_1' },
    })
    expect(answered.body).toMatchObject({
      code: 'invalid-request',
      fix: errorDefinitions['invalid-request'].fix,
      type: '/docs/errors/invalid-request',
    })
    const fields = (answered.body.errors as { field: string }[]).map((error) => error.field)
    expect(fields.sort()).toEqual(['/authority', '/environment', '/kind', '/owner', '/ownr'])
  })

  test('with a filter that does not exist is refused: a mistyped filter must not widen a list', async () => {
    const answered = await api.ask('GET', '/api/v1/credentials?onwer=own_1', { token })
    expect(answered.body).toMatchObject({ code: 'invalid-request', errors: [{ field: 'query.onwer' }] })
    expect((await api.ask('GET', '/api/v1/owners?limit=1&limit=2', { token })).body).toMatchObject({ errors: [{ field: 'query.limit' }] })
  })

  test('by a method that the address does not take is told which it takes; an address that is none is 404', async () => {
    const answered = await api.ask('PUT', '/api/v1/owners', { token })
    expect([answered.status, answered.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    for (const path of ['/api/v1/nothing', '/api/', '/api/v2/owners', '/api/v1/owners/']) {
      expect((await api.ask('GET', path, { token })).body.code).toBe('not-found')
    }
  })

  test('by HEAD gets the headers of GET and no body', async () => {
    const answered = await api.ask('HEAD', '/api/v1/owners', { token })
    expect([answered.status, answered.text, answered.headers.get('content-type')]).toEqual([200, '', 'application/json'])
  })

  test('is answered with headers that keep it out of caches, frames and sniffing, and with a correlation id', async () => {
    for (const path of ['/api/v1/me', '/api/v1/nothing']) {
      const { headers } = await api.ask('GET', path, { token })
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('keyward-correlation-id')).toMatch(/^req_/)
    }
  })

  test('when the database fails inside is answered 5xx with a correlation id that the log has, and nothing of the cause', async () => {
    await api.db.schema.alterTable('tenants').renameTo('tenants_away').execute()
    try {
      const answered = await api.ask('GET', '/api/v1/tenants', { token })
      expect([answered.status, answered.body.code]).toEqual([500, 'internal'])
      expect(answered.text).not.toMatch(/tenants|"relation|select/)
      expect(api.logged.join('')).toContain(String(answered.body.correlation_id))
    } finally {
      await api.db.schema.alterTable('tenants_away').renameTo('tenants').execute()
    }
  })
})

describe('a list', () => {
  test('is whole and in order where many rows are of one microsecond and others are added meanwhile', async () => {
    const at = '2026-01-01T00:00:00.123456Z'
    const ids = Array.from({ length: 25 }, (_, i) => `ten_${String(i).padStart(26, '0')}`)
    for (const [i, id] of ids.entries()) {
      const created_at = i % 5 === 0 ? at.replace('456Z', '457Z') : at
      await api.db
        .insertInto('tenants')
        .values({ id, name: `same ${i}`, external_id: `same ${i}`, created_at })
        .execute()
    }
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = await api.ask('GET', `/api/v1/tenants?q=same&limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`, { token })
      seen.push(...page.body.items.map((item) => String(item.id)))
      cursor = page.body.next_cursor as string | null
      await things.make('/api/v1/tenants', { name: unique('same added') })
    }
    const later = ids.filter((_, i) => i % 5 === 0)
    const earlier = ids.filter((_, i) => i % 5 !== 0)
    expect(seen).toEqual([...later.reverse(), ...earlier.reverse()])
  })

  test('refuses a cursor of another list, of other filters, or that was made up', async () => {
    for (let i = 0; i < 3; i++) await things.tenant()
    const page = await api.ask('GET', '/api/v1/tenants?limit=1', { token })
    const cursor = String(page.body.next_cursor)
    const made = Buffer.from('1:0000000000000000:1:ten_x').toString('base64url')
    for (const path of [
      `owners?cursor=${cursor}`,
      `tenants?state=active&cursor=${cursor}`,
      `tenants?cursor=${made}`,
      `tenants?cursor=${cursor}x`,
    ]) {
      expect((await api.ask('GET', `/api/v1/${path}`, { token })).body.code).toBe('invalid-cursor')
    }
  })

  test('finds by words and beginnings of words, whatever signs are among them', async () => {
    const owner = await things.team(unique('Zebra Platform-Team'))
    for (const q of ['zebra', 'zeb plat', 'platform-te', "zebra' & | ! : *", 'ZEBRA']) {
      const { body } = await api.ask('GET', `/api/v1/owners?q=${encodeURIComponent(q)}`, { token })
      expect([q, body.items.map((item) => item.id)]).toEqual([q, [owner]])
    }
    expect((await api.ask('GET', '/api/v1/owners?q=zebras', { token })).body.items).toEqual([])
  })
})
