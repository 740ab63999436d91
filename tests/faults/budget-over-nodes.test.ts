import { parseUsd } from '@keyward/contract/money'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Estate, makeEstate } from '../support/estate.ts'
import type { KeywardProcess } from '../support/keyward.ts'

/* Promise 6: budgets cannot be overrun. Parallel calls, several nodes, a killed node: never over, and no reservation outlives its end. */

let cluster: Cluster
let openai: Fake
let estate: Estate
let first: KeywardProcess

beforeAll(async () => {
  openai = await startFakeOpenai()
  cluster = await startCluster(3)
  first = cluster.nodes[0] as KeywardProcess
  estate = await makeEstate(first, [{ name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey }])
}, 120_000)
afterAll(async () => {
  await cluster.stop()
  await openai.stop()
})

interface Budget {
  spent_usd: string
  reserved_usd: string
  remaining_usd: string
}

const body = JSON.stringify({
  model: 'gpt-4.1-mini',
  max_completion_tokens: 100,
  messages: [{ role: 'user', content: 'How much may this cost at most?' }],
})

async function call(node: KeywardProcess, token: string): Promise<{ status: number; code: string | null }> {
  const response = await fetch(`${node.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  })
  await response.arrayBuffer()
  return { status: response.status, code: response.headers.get('keyward-error') }
}

const budgetNow = (id: string) => first.api<Budget>('GET', `/api/v1/budgets/${id}`)
const nano = (usd: string) => parseUsd(usd) ?? -1n
const usd = (amount: bigint) => `${amount / 1_000_000_000n}.${(amount % 1_000_000_000n).toString().padStart(9, '0')}`

/** What one such call holds while it runs. */
async function worstCase(): Promise<bigint> {
  const grant = await estate.grant('openai')
  const budget = await estate.budget({ grant }, '100.00')
  const token = await estate.token(grant)
  openai.behaviours.next({ firstByteDelayMs: 2_000 })
  const running = call(first, token)
  await openai.log.until((entries) => entries.some((entry) => entry.outcome === 'open'))
  const held = nano((await budgetNow(budget)).reserved_usd)
  expect((await running).status).toBe(200)
  return held
}

test('200 parallel calls over three nodes on a budget that pays for exactly 10 at their worst case: exactly 10 go through, and spend is the sum of usage to the nano-dollar', async () => {
  const each = await worstCase()
  expect(each).toBeGreaterThan(0n)
  const grant = await estate.grant('openai')
  const budget = await estate.budget({ grant }, usd(each * 10n))
  const token = await estate.token(grant)
  const before = openai.log.entries.length
  // Nothing settles before all are decided.
  openai.behaviours.always({ firstByteDelayMs: 5_000 })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => call(cluster.nodes[n % 3] as KeywardProcess, token)))
  openai.behaviours.healthy()
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(10)
  expect(answers.filter((answer) => answer.status === 429 && answer.code === 'budget_exceeded')).toHaveLength(190)
  expect(openai.log.entries.length - before).toBe(10)

  await expect.poll(async () => (await budgetNow(budget)).reserved_usd, { timeout: 5_000 }).toBe('0.00')
  const { spent_usd, remaining_usd } = await budgetNow(budget)
  const usage = await first.api<{ items: { cost_usd: string; estimated: boolean }[] }>('GET', `/api/v1/usage?grant=${grant}&limit=200`)
  expect(usage.items).toHaveLength(10)
  expect(nano(spent_usd)).toBe(usage.items.reduce((sum, event) => sum + nano(event.cost_usd), 0n))
  expect(nano(spent_usd) + nano(remaining_usd)).toBe(each * 10n)
}, 60_000)

test('a node that is killed with calls in flight: what they held is charged in full, marked estimated, and given back to nobody', async () => {
  const each = await worstCase()
  const grant = await estate.grant('openai')
  const budget = await estate.budget({ grant }, usd(each * 5n))
  const token = await estate.token(grant)
  const victim = await cluster.add()
  openai.behaviours.always({ hang: 'before_head' })
  const before = openai.log.entries.length
  const running = Promise.allSettled([1, 2, 3].map(() => call(victim, token)))
  await openai.log.until((entries) => entries.length === before + 3)
  expect(nano((await budgetNow(budget)).reserved_usd)).toBe(each * 3n)
  await victim.kill()
  await running
  openai.behaviours.healthy()
  // The others find it dead by its silence.
  await expect.poll(async () => (await budgetNow(budget)).reserved_usd, { timeout: 30_000, interval: 500 }).toBe('0.00')
  expect(nano((await budgetNow(budget)).spent_usd)).toBe(each * 3n)
  const usage = await first.api<{ items: { outcome: string; estimated: boolean; cost_usd: string }[] }>(
    'GET',
    `/api/v1/usage?grant=${grant}`,
  )
  expect(usage.items).toHaveLength(3)
  for (const event of usage.items) {
    expect(event).toMatchObject({ outcome: 'lost', estimated: true })
    expect(nano(event.cost_usd)).toBe(each)
  }
  // Two more fit; a third does not, before the first two are settled for less.
  openai.behaviours.always({ firstByteDelayMs: 2_000 })
  const answers = await Promise.all([1, 2, 3].map(() => call(first, token)))
  openai.behaviours.healthy()
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 429])
}, 90_000)
