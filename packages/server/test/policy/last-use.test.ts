import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../../src/observe/ids.ts'
import { noteLastUse } from '../../src/policy/last-use.ts'
import { addGrant, admitted, intentOf, type Ledger, ledgerNode, openLedger, outcomeOf } from './ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(() => ledger.close())

async function lastUse(table: 'grants' | 'workloads' | 'credentials', id: string): Promise<Date | null> {
  const { rows } = await ledger.pool.query<{ at: Date | null }>(`select last_used_at as at from ${table} where id = $1`, [id])
  return rows[0]?.at ?? null
}

async function addCredential(): Promise<string> {
  const id = newId('credential')
  await ledger.pool.query(
    `insert into credentials (id, name, kind, provider, purpose, authority, environment, owner)
     values ($1, $1, 'api_key', 'openai', 'model', '{consume}', 'production', $2)`,
    [id, ledger.team],
  )
  return id
}

test('a settled call is the last use of its grant, workload and credential; of none that it did not use', async () => {
  const [used, idle] = [await addCredential(), await addCredential()]
  const other = newId('grant')
  await addGrant(ledger.pool, other, ledger.workload, ledger.resource)
  const { admission, settlement } = ledgerNode(ledger.pool)
  const at: Date[] = []
  for (const credential of [used, used]) {
    const intent = intentOf(ledger)
    const verdict = admitted(await admission.admit(intent))
    at.push(verdict.at)
    settlement.settle(outcomeOf(intent, verdict, 10n, { credential }))
    await settlement.flush()
    await noteLastUse(ledger.db)
    for (const [table, id] of [
      ['grants', ledger.grant],
      ['workloads', ledger.workload],
      ['credentials', used],
    ] as const)
      expect(await lastUse(table, id)).toEqual(at.at(-1))
  }
  expect(at[1]?.getTime()).toBeGreaterThanOrEqual(at[0]?.getTime() ?? 0)
  expect(await lastUse('grants', other)).toBeNull()
  expect(await lastUse('credentials', idle)).toBeNull()
})

test('an older call that settles later does not turn the last use back, and what did not change is not written', async () => {
  const credential = await addCredential()
  const { admission, settlement } = ledgerNode(ledger.pool)
  const [older, newer] = [intentOf(ledger), intentOf(ledger)]
  const first = admitted(await admission.admit(older))
  const second = admitted(await admission.admit(newer))
  settlement.settle(outcomeOf(newer, second, 10n, { credential }))
  await settlement.flush()
  await noteLastUse(ledger.db)
  settlement.settle(outcomeOf(older, first, 10n, { credential }))
  await settlement.flush()
  const version = async () =>
    (await ledger.pool.query<{ row: string }>('select xmin::text as row from credentials where id = $1', [credential])).rows
  const before = await version()
  await noteLastUse(ledger.db)
  expect(await lastUse('credentials', credential)).toEqual(second.at)
  expect(await lastUse('grants', ledger.grant)).toEqual(second.at)
  expect(await version()).toEqual(before)
})

test('a row that somebody holds is waited for by nobody, and is noted once it is free', async () => {
  const credential = await addCredential()
  const { admission, settlement } = ledgerNode(ledger.pool)
  const intent = intentOf(ledger)
  const { at, ...verdict } = admitted(await admission.admit(intent))
  settlement.settle(outcomeOf(intent, { ...verdict, at }, 10n, { credential }))
  await settlement.flush()
  const holder = await ledger.pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from credentials where id = $1 for update', [credential])
    await noteLastUse(ledger.db)
    expect(await lastUse('credentials', credential)).toBeNull()
    expect(await lastUse('workloads', ledger.workload)).toEqual(at)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
  await noteLastUse(ledger.db)
  expect(await lastUse('credentials', credential)).toEqual(at)
  expect(await lastUse('grants', ledger.grant)).toEqual(at)
})
