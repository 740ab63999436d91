import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { detectionOf, fakeSecret, maker, unique } from '../http/things.ts'

let api: ApiServer
let admin: string
let things: ReturnType<typeof maker>
beforeAll(async () => {
  api = await startApi()
  admin = await api.tokenOf('admin')
  things = maker(api, admin)
})
afterAll(() => api.stop())

const path = '/api/v1/detections'
const report = (detections: unknown[], token = admin, more: Record<string, unknown> = {}) =>
  api.ask('POST', path, { token, body: { detections, ...more } })
const show = async (id: string, token = admin) => (await api.ask('GET', `${path}/${id}`, { token })).body
const place = (more: Record<string, unknown> = {}) => ({ source: 'file', path: 'src/.env', line: 3, ...more })

describe('a report', () => {
  test('is matched with the inventory by digest alone, and neither the digest nor the secret is kept', async () => {
    const [known, unknown] = [fakeSecret(), fakeSecret()]
    const credential = await things.credential(await things.team(), { secret: known })
    const answered = await report([detectionOf(unknown), detectionOf(known)])
    expect(answered.status, answered.text).toBe(200)
    expect(answered.body.items).toMatchObject([
      { is_new: true, known: false, credential: null, state: 'open' },
      { is_new: true, known: true, credential, state: 'open' },
    ])
    const rows = await sql<{ text: string }>`select d::text || (select string_agg(s::text, '') from sightings s where s.detection_id = d.id)
      as text from detections d`.execute(api.db)
    const stored = rows.rows.map((row) => row.text).join('\n')
    expect(stored).toContain('src/.env')
    for (const secret of [known, unknown]) {
      expect(stored).not.toContain(secret)
      expect(stored).not.toContain(createHash('sha256').update(secret).digest('hex'))
    }
  })

  test('of the same secret at the same place adds nothing, of another place a sighting', async () => {
    const secret = fakeSecret()
    const [id, again] = [await things.detection(secret), await things.detection(secret)]
    expect(again).toBe(id)
    expect((await show(id)).sightings_total).toBe(1)
    const answered = await report([detectionOf(secret, { sightings: [place(), place({ line: 9 }), place({ line: 9 })] })])
    expect(answered.body.items).toMatchObject([{ id, is_new: false }])
    expect(await show(id)).toMatchObject({ sightings_total: 2, sources: ['file'] })
  })

  test.each([['generic-password'], ['databases-url-password'], ['generic-basic-header'], ['databases-pgpass']])(
    'of %s is refused with a fix: who has the digest could guess the password',
    async (detector) => {
      const answered = await report([detectionOf(fakeSecret(), { detector })])
      expect([answered.status, answered.body.errors]).toMatchObject([400, [{ field: '/detections/0/detector' }]])
      expect(answered.text).toContain('guessed')
    },
  )

  test('that holds the secret itself, in any member, is refused and nothing of it is kept', async () => {
    const secret = `${fakeSecret()}…`
    for (const more of [{ masked: secret }, { sightings: [place({ path: secret })] }, { name: secret }]) {
      const answered = await report([detectionOf(secret, more)])
      expect(answered.status).toBe(400)
      expect(answered.text).not.toContain(secret)
    }
    const { rows } =
      await sql`select from detections where fingerprint = ${api.vault.fingerprintOfDigest(createHash('sha256').update(secret).digest())}`.execute(
        api.db,
      )
    expect(rows).toEqual([])
  })

  test('that names one secret twice, or has control characters in a path, is refused', async () => {
    const one = detectionOf(fakeSecret())
    expect((await report([one, one])).status).toBe(400)
    expect((await report([{ ...one, sightings: [place({ path: 'a\u001b[2J' })] }])).status).toBe(400)
  })

  test('by many scanners at once of the same secrets leaves one detection a secret', async () => {
    const secrets = Array.from({ length: 20 }, fakeSecret)
    const reports = Array.from({ length: 6 }, (_, index) =>
      report((index % 2 === 0 ? secrets : secrets.toReversed()).map((secret) => detectionOf(secret))),
    )
    const answers = await Promise.all(reports)
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200, 200])
    const ids = new Set(answers.flatMap((one) => one.body.items.map((item) => item.id)))
    expect(ids.size).toBe(20)
    expect(answers.flatMap((one) => one.body.items).filter((item) => item.is_new)).toHaveLength(20)
  })

  test('that is less sure than an earlier one does not make the secret look harmless', async () => {
    const secret = fakeSecret()
    const id = await things.detection(secret)
    await things.detection(secret, { severity: 'low', confidence: 0.2, name: 'Nothing to see' })
    expect(await show(id)).toMatchObject({ severity: 'critical', confidence: 0.9, name: 'OpenAI project API key' })
  })
})

describe('state', () => {
  test('taking the secret into the vault adopts the detection; seen again outside, it is open again; in old history it is not', async () => {
    const secret = fakeSecret()
    const commit = 'a'.repeat(40)
    const id = await things.detection(secret, { sightings: [place(), place({ source: 'git', commit })] })
    const credential = await things.credential(await things.team(), { secret })
    expect(await show(id)).toMatchObject({ state: 'adopted', credential, state_reason: 'taken into the vault' })
    await things.detection(secret, { sightings: [place({ source: 'git', commit })] })
    expect(await show(id)).toMatchObject({ state: 'adopted' })
    await things.detection(secret)
    expect(await show(id)).toMatchObject({ state: 'open', credential, state_reason: 'still seen outside the vault' })
  })

  test('a dismissal has a reason and an end, is on record, and after its end the detection is open again', async () => {
    const id = await things.detection(fakeSecret())
    const dismiss = (body: unknown) => api.ask('POST', `${path}/${id}/dismiss`, { token: admin, body })
    expect((await dismiss({ reason: '' })).status).toBe(400)
    expect((await dismiss({ reason: 'a demo key', until: '2020-01-01T00:00:00Z' })).status).toBe(400)
    const answered = await dismiss({ reason: 'a demo key', until: '2099-01-01T00:00:00Z' })
    expect(answered.body).toMatchObject({ state: 'dismissed', state_reason: 'a demo key', dismissed_until: '2099-01-01T00:00:00.000Z' })
    const record = await api.db
      .selectFrom('audit_entries')
      .select(['action', 'reason', 'target_id'])
      .where('correlation_id', '=', answered.headers.get('keyward-correlation-id'))
      .executeTakeFirst()
    expect(record).toEqual({ action: 'detection.triage', reason: 'a demo key', target_id: id })
    await sql`update detections set dismissed_until = now() - interval '1 second' where id = ${id}`.execute(api.db)
    expect(await show(id)).toMatchObject({ state: 'open', state_reason: 'the dismissal has ended' })
    const { body } = await api.ask('GET', `${path}?state=dismissed&limit=200`, { token: admin })
    expect(body.items.map((one) => one.id)).not.toContain(id)
  })

  test('what is open cannot be reopened, what is adopted cannot be dismissed', async () => {
    const secret = fakeSecret()
    const id = await things.detection(secret)
    expect((await api.ask('POST', `${path}/${id}/reopen`, { token: admin })).status).toBe(409)
    await things.credential(await things.team(), { secret })
    expect((await api.ask('POST', `${path}/${id}/dismiss`, { token: admin, body: { reason: 'no need' } })).status).toBe(409)
  })
})

describe('who sees it', () => {
  test('what the inventory does not know is seen by whoever reported it and by roles over everything; what it knows, by its team', async () => {
    const [one, other] = [await things.team(), await things.team()]
    const secret = fakeSecret()
    const ours = await api.addUser([{ role: 'operator', team: one }])
    const theirs = await api.addUser([{ role: 'operator', team: other }])
    const answered = await report([detectionOf(secret)], ours.token)
    const id = String(answered.body.items[0]?.id)
    const seen = async () => [(await show(id, ours.token)).id, (await show(id, theirs.token)).code, (await show(id)).id]
    expect(await seen()).toEqual([id, 'not-found', id])
    const credential = await things.credential(other, { secret })
    expect((await show(id, ours.token)).code).toBe('not-found')
    expect(await show(id, theirs.token)).toMatchObject({ id, credential })
    const again = await report([detectionOf(secret)], ours.token)
    expect(again.body.items).toMatchObject([{ known: true, credential: null }])
    const list = await api.ask('GET', `${path}?limit=200`, { token: ours.token })
    expect(list.body.items.map((item) => item.id)).not.toContain(id)
  })

  test('the owner guess is who committed it first, with the owner who has that address', async () => {
    const email = `${unique('ana')}@example.com`
    const owner = await things.make('/api/v1/owners', { kind: 'person', name: 'Ana', contact: email.toUpperCase() })
    const commits = [
      place({ source: 'git', commit: 'b'.repeat(40), author: 'Ben', email: 'ben@example.com', seen_at: '2026-02-01T00:00:00Z' }),
      place({ source: 'git', commit: 'c'.repeat(40), author: 'Ana', email, seen_at: '2026-01-01T00:00:00Z' }),
    ]
    const id = await things.detection(fakeSecret(), { sightings: commits })
    expect((await show(id)).owner_guess).toEqual({ name: 'Ana', email, owner })
  })

  test('filters and words narrow the list, page by page', async () => {
    const word = unique('Zebra').replace('-', '')
    const ids: string[] = []
    for (const more of [
      { severity: 'low' },
      { provider: 'mistral' },
      { sightings: [place({ source: 'log', path: `var/${word}/build.log` })] },
    ])
      ids.push(await things.detection(fakeSecret(), { sightings: [place({ path: `${word}/x.env` })], ...more }))
    const list = async (query: string) => (await api.ask('GET', `${path}?q=${word}&${query}`, { token: admin })).body
    expect((await list('')).items.map((one) => one.id)).toEqual(ids.toReversed())
    expect((await list('severity=low')).items.map((one) => one.id)).toEqual([ids[0]])
    expect((await list('provider=mistral')).items.map((one) => one.id)).toEqual([ids[1]])
    expect((await list('source=log')).items.map((one) => one.id)).toEqual([ids[2]])
    expect((await list('state=dismissed')).items).toEqual([])
    const first = await list('limit=2')
    const second = await list(`limit=2&cursor=${String(first.next_cursor)}`)
    expect([...first.items, ...second.items].map((one) => one.id)).toEqual(ids.toReversed())
    expect(second.next_cursor).toBeNull()
  })
})
