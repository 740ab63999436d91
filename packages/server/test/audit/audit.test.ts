import { KeywardError } from '@keyward/contract/errors'
import type { AuditQuery } from '@keyward/contract/records'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Audit } from '../../src/audit/audit.ts'
import { exportAudit } from '../../src/audit/export.ts'
import { dropOldPartitions, ensurePartitions } from '../../src/audit/partitions.ts'
import { erasePersonal, listAudit } from '../../src/audit/queries.ts'
import { newId } from '../../src/observe/ids.ts'
import { admitted, count, intentOf, type Ledger, ledgerNode, openLedger, outcomeOf } from '../policy/ledger.ts'

let ledger: Ledger
let audit: Audit
beforeAll(async () => {
  ledger = await openLedger()
  audit = new Audit({ pool: ledger.pool, node: 'node_test' })
})
afterAll(() => ledger.close())

const query = (changes: Partial<AuditQuery> = {}): AuditQuery => ({ limit: 50, ...changes })

test('a record is in the database before its promise resolves', async () => {
  for (let i = 0; i < 20; i++) {
    const id = newId('credential')
    await audit.record({ action: 'credential.create', decision: 'done', actor: { kind: 'system' }, target: { kind: 'credential', id } })
    expect(await count(ledger.pool, 'audit_entries where target_id = $1', [id])).toBe(1)
  }
})

test('a record stands or falls with the transaction of its act', async () => {
  const id = newId('credential')
  const record = { action: 'credential.delete', decision: 'done', actor: { kind: 'system' }, target: { kind: 'credential', id } } as const
  await expect(
    ledger.db.transaction().execute(async (trx) => {
      await audit.recordIn(trx, record)
      throw new Error('the act failed')
    }),
  ).rejects.toThrow('the act failed')
  expect(await count(ledger.pool, 'audit_entries where target_id = $1', [id])).toBe(0)
  await ledger.db.transaction().execute((trx) => audit.recordIn(trx, record))
  expect(await count(ledger.pool, 'audit_entries where target_id = $1', [id])).toBe(1)
})

test('no secret, control character or text that reorders itself gets in, whatever field it comes in; sizes are bounded', async () => {
  const id = newId('call')
  const secret = `sk-${'FAKE'.repeat(10)}`
  const token = `kwu_${'FAKEFAKE'.repeat(6)}1`
  await audit.record({
    action: 'credential.update',
    decision: 'done',
    actor: { kind: 'anonymous', id: secret },
    call: id,
    model: `gpt\u0000-\u202e4.1\u2028${'x'.repeat(5_000)}`,
    reason: `line\r\nbreak ${token} \ud800`,
    correlationId: token,
    details: { [secret]: 1, nested: { list: [secret, 'fine', new Date(0), 12n, Number.NaN] }, of: new Map([[1, secret]]), bell: '\u0007' },
    personal: { userAgent: `curl/8 ${secret}\u001b[31m`, ip: '192.0.2.1' },
  })
  const { rows } = await ledger.pool.query(
    'select to_jsonb(a) || to_jsonb(p) as row from audit_entries a join audit_personal p using (seq) where call_id = $1',
    [id],
  )
  const text = JSON.stringify(rows)
  expect(rows).toHaveLength(1)
  expect(text).not.toContain('FAKEFAKE')
  expect(text).not.toMatch(/[\u0000-\u001f\u202e\u2028]|\\u00[01]/)
  expect(rows[0].row.model.length).toBeLessThanOrEqual(200)
  expect(rows[0].row.details.nested.list.slice(1)).toEqual(['fine', '1970-01-01T00:00:00.000Z', '12', null])
  expect(rows[0].row.details.of).toBe('[omitted]')
  await audit.record({
    action: 'x.y',
    decision: 'done',
    actor: { kind: 'system' },
    call: `${id}b`,
    details: { big: Array.from({ length: 40 }, () => 'word '.repeat(90)) },
  })
  const { rows: large } = await ledger.pool.query('select details from audit_entries where call_id = $1', [`${id}b`])
  expect(large[0].details).toHaveProperty('omitted')
})

test('a list shows calls with how they ended, in pages that neither repeat nor miss, and only what the reach covers', async () => {
  const { admission, settlement } = ledgerNode(ledger.pool)
  const workload = newId('workload')
  await ledger.pool.query("insert into workloads (id, name, type, owner, environment) values ($1, 'lister', 'agent', $2, 'staging')", [
    workload,
    ledger.person,
  ])
  for (let i = 0; i < 7; i++) {
    const base = intentOf({ ...ledger, workload })
    const intent = {
      ...base,
      audit: {
        ...base.audit,
        environment: 'staging',
        team: i < 3 ? ledger.team : null,
      },
    }
    const verdict = admitted(await admission.admit(intent))
    settlement.settle(
      outcomeOf(intent, verdict, 1_500_000_000n, { workload, latencyMs: 12.5, usage: { inputTokens: 10, outputTokens: 5 } }),
    )
  }
  await settlement.flush()
  const first = await listAudit(ledger.db, 'all', query({ workload, limit: 5 }))
  expect(first.items).toHaveLength(5)
  expect(first.items[0]).toMatchObject({
    action: 'gateway.call',
    decision: 'allowed',
    actor: { kind: 'workload', id: workload, name: 'lister' },
    outcome: { outcome: 'ok', cost_usd: '1.50', latency_ms: 12.5, input_tokens: 10, output_tokens: 5, estimated: false },
  })
  const second = await listAudit(ledger.db, 'all', query({ workload, limit: 5, cursor: first.next_cursor ?? '' }))
  expect(second.next_cursor).toBeNull()
  expect(new Set([...first.items, ...second.items].map((entry) => entry.id)).size).toBe(7)
  const shown = async (reach: Parameters<typeof listAudit>[1]) =>
    (await listAudit(ledger.db, reach, query({ actor: workload }))).items.length
  expect(await shown([{ team: ledger.team }])).toBe(3)
  expect(await shown([{ environment: 'staging' }])).toBe(7)
  expect(await shown([{ team: ledger.team, environment: 'production' }])).toBe(0)
  expect(await shown([{ environment: 'production' }, { team: ledger.team, environment: 'staging' }])).toBe(3)
  expect(await shown([])).toBe(0)
  await expect(listAudit(ledger.db, 'all', query({ workload: 'wl_other', limit: 5, cursor: first.next_cursor ?? '' }))).rejects.toThrow(
    KeywardError,
  )
})

test('an export holds every entry once, and nothing in it is a formula to a spreadsheet', async () => {
  const actor = newId('user')
  const reasons = ['=1+1', '+cmd', '-2', '@sum', ' =lead', 'a "quoted", one', 'plain']
  for (const reason of reasons)
    await audit.record({ action: 'grant.revoke', decision: 'done', actor: { kind: 'user', id: actor }, reason, details: { why: reason } })
  const text = async (format: 'csv' | 'ndjson') => {
    let all = ''
    for await (const piece of exportAudit(ledger.db, 'all', { actor }, format)) all += piece
    return all
  }
  const csv = await text('csv')
  const lines = csv.trimEnd().split('\r\n')
  expect(lines).toHaveLength(reasons.length + 1)
  expect(csv).not.toMatch(/(?:^|,)"?[=+@-]/m)
  expect(csv).toContain('"\'=1+1"')
  expect(csv).toContain('"a ""quoted"", one"')
  const entries = (await text('ndjson'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string })
  expect(entries.map((entry) => entry.reason).sort()).toEqual([...reasons].sort())
})

test('what is personal can be erased without touching the log', async () => {
  const user = newId('user')
  for (let i = 0; i < 3; i++)
    await audit.record({
      action: 'session.start',
      decision: 'done',
      actor: { kind: 'user', id: user },
      personal: { user, ip: '192.0.2.7', userAgent: 'Browser' },
    })
  expect(await erasePersonal(ledger.db, user)).toBe(3)
  expect(await count(ledger.pool, 'audit_personal where user_id = $1', [user])).toBe(0)
  expect((await listAudit(ledger.db, 'all', query({ actor: user }))).items).toHaveLength(3)
})

test('partitions are made ahead by any number of nodes at once, and dropped when their time is over', async () => {
  await Promise.all(Array.from({ length: 4 }, () => ensurePartitions(ledger.db)))
  const { rows } = await ledger.pool.query("select count(*)::int as n from pg_class where relname ~ '^audit_entries_[0-9]{8}$'")
  expect(rows[0].n).toBe(9)
  await ledger.pool.query(
    "create table audit_entries_20200101 partition of audit_entries for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00')",
  )
  await ledger.pool.query(
    "create table usage_events_20200101 partition of usage_events for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00')",
  )
  await ledger.pool.query("insert into audit_personal (seq, at, user_id) values (-1, '2020-01-01 12:00+00', 'usr_old')")
  expect(await dropOldPartitions(ledger.db, 400)).toEqual(['audit_entries_20200101', 'usage_events_20200101'])
  expect(await dropOldPartitions(ledger.db, 400)).toEqual([])
  expect(await count(ledger.pool, 'audit_personal where seq = -1')).toBe(0)
  expect(await count(ledger.pool, 'audit_entries')).toBeGreaterThan(0)
})
