import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NoiseJournal } from '../../src/audit/noise.ts'
import type { AuditRecord } from '../../src/audit/record.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const refusal: AuditRecord = { action: 'gateway.call', decision: 'refused', code: 'token_missing', actor: { kind: 'anonymous', id: null } }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

test('a flood that goes on is a bounded number of records, in which every refusal is counted', async () => {
  const written: AuditRecord[] = []
  const noise = new NoiseJournal({ action: 'gateway.call', journal: { record: async (record) => written.push(record) }, log })
  const perSecond = 200
  const hours = 3
  for (let second = 0; second < hours * 3_600; second++) {
    for (let i = 0; i < perSecond; i++) await noise.record(refusal)
    await vi.advanceTimersByTimeAsync(1_000)
  }
  await noise.flush()
  const counted = written.reduce((sum, { details }) => sum + (typeof details?.count === 'number' ? details.count : 1), 0)
  expect(counted).toBe(perSecond * hours * 3_600)
  // A thousand an hour one by one; sums: one a second while those last, then one a minute.
  expect(written.length).toBeLessThan(hours * (1_000 + 60 + 60))
})
