import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startKeyward } from './keyward.ts'
import { chain } from './operator.ts'
import { raw } from './raw.ts'

test('a stop in the middle of a flood settles every call that was admitted before it ends: nothing is left to be swept, nothing held', async () => {
  const [keyward, openai] = await Promise.all([startKeyward(), startFakeOpenai()])
  const { base, token, grant } = await chain(keyward.operator, { upstream: openai.origin, secret: fakeOpenaiKey })
  await keyward.operator.make('/budgets', { scope: { grant }, limit_usd: '1000.00', window: 'total' })
  openai.behaviours.always({ firstByteDelayMs: 20 })
  let going = true
  const caller = async (index: number) => {
    for (let round = 0; going; round++) {
      const leave = new AbortController()
      // Some clients leave at once, some a little later.
      if (index % 3 === 0) setTimeout(() => leave.abort(), round % 15)
      await raw(`${base}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ model: 'gpt-4o-mini', max_completion_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }),
        signal: leave.signal,
      }).catch(() => undefined)
    }
  }
  const callers = Array.from({ length: 40 }, (_, index) => caller(index))
  await openai.log.until((entries) => entries.length > 100, 30_000)
  await keyward.stop()
  going = false
  await Promise.all(callers)

  const client = new pg.Client({ connectionString: keyward.databaseUrl })
  await client.connect()
  const { rows } = await client.query(`
    select
      (select count(*)::int from audit_entries where action = 'gateway.call' and decision = 'allowed') as admitted,
      (select count(*)::int from usage_events) as settled,
      (select count(*)::int from usage_events where outcome = 'lost') as lost,
      (select count(*)::int from reservations) as held`)
  await client.end()
  await openai.stop()
  expect(rows[0]).toEqual({ admitted: expect.any(Number), settled: rows[0].admitted, lost: 0, held: 0 })
  expect(rows[0].admitted).toBeGreaterThan(100)
})
