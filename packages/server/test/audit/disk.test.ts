import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { Disk, diskSpace, diskStateOf } from '../../src/audit/disk.ts'
import { silentLog } from '../../src/db/log.ts'
import { Admission } from '../../src/policy/admission.ts'
import { count, intentOf, openLedger } from '../policy/ledger.ts'

const gib = 2 ** 30

test('watermarks: a warning in time, a refusal before the disk is full, and no alarm about a small disk that is mostly empty', () => {
  expect(diskStateOf({ freeBytes: 500 * gib, allBytes: 1_000 * gib })).toBe('enough')
  expect(diskStateOf({ freeBytes: 20 * gib, allBytes: 1_000 * gib })).toBe('enough')
  expect(diskStateOf({ freeBytes: 4 * gib, allBytes: 100 * gib })).toBe('low')
  expect(diskStateOf({ freeBytes: 4 * gib, allBytes: 8 * gib })).toBe('enough')
  expect(diskStateOf({ freeBytes: 0.4 * gib, allBytes: 100 * gib })).toBe('full')
  expect(diskStateOf({ freeBytes: 0.2 * gib, allBytes: 100 * gib })).toBe('exhausted')
})

test("the data folder's real file system is read; a database elsewhere is left to those who run it", async () => {
  const space = await diskSpace(tmpdir())
  expect(space.freeBytes).toBeGreaterThan(0)
  expect(space.allBytes).toBeGreaterThanOrEqual(space.freeBytes)
  expect(await new Disk(undefined, silentLog).look()).toBe('enough')
})

test('on a nearly full disk calls that modify or spend are refused and calls that only consume are not; with next to no room none goes; with room again all do', async () => {
  const ledger = await openLedger()
  try {
    let freeBytes = 0.3 * gib
    const disk = new Disk('/data', silentLog, async () => ({ freeBytes, allBytes: 100 * gib }))
    const admission = new Admission({
      pool: ledger.pool,
      node: 'node_test',
      log: silentLog,
      mayWrite: (effect) => (effect === 'consume' ? disk.mayRecord : disk.mayWrite),
    })
    const ask = async (effect: 'consume' | 'modify' | 'spend') => {
      const intent = intentOf(ledger)
      return await admission.admit({ ...intent, audit: { ...intent.audit, effect } })
    }
    await disk.look()
    expect(await ask('spend')).toMatchObject({ code: 'not_recorded' })
    expect(await ask('modify')).toMatchObject({ code: 'not_recorded' })
    expect(await ask('consume')).toMatchObject({ admitted: true })
    freeBytes = 0.2 * gib
    await disk.look()
    for (const effect of ['consume', 'modify', 'spend'] as const) expect(await ask(effect)).toMatchObject({ code: 'not_recorded' })
    freeBytes = 50 * gib
    await disk.look()
    expect(await ask('spend')).toMatchObject({ admitted: true })
    expect(await count(ledger.pool, 'audit_entries')).toBe(2)
  } finally {
    await ledger.close()
  }
})
