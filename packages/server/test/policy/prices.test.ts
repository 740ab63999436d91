import { calcPrice } from '@pydantic/genai-prices'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInRates, nanoOf } from '../../src/policy/built-in-prices.ts'
import type { TokenUsage } from '../../src/policy/call.ts'
import { createPrice, deletePrice, listPrices } from '../../src/policy/price-table.ts'
import { type PriceBook, Prices } from '../../src/policy/prices.ts'
import { costOf, worstCaseOf } from '../../src/policy/rates.ts'
import { type Ledger, openLedger } from './ledger.ts'

const at = new Date('2026-06-01T12:00:00Z')
let ledger: Ledger
let book: PriceBook
beforeAll(async () => {
  ledger = await openLedger()
  book = await new Prices(ledger.db).current()
})
afterAll(() => ledger.close())

const models = [
  ['openai', 'gpt-4.1'],
  ['openai', 'gpt-5.4'],
  ['openai', 'gpt-4o-mini'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-opus-4-1'],
  ['anthropic', 'claude-haiku-4-5'],
] as const

const tokens = fc.record({
  inputTokens: fc.nat(400_000),
  cachedInputTokens: fc.nat(400_000),
  cacheWriteTokens: fc.nat(50_000),
  outputTokens: fc.nat(100_000),
})

test('the cost is that of the price table, to the nano-dollar and never below it, with tokens that the provider reports apart', () => {
  fc.assert(
    fc.property(fc.constantFrom(...models), tokens, ([provider, model], usage) => {
      const theirs = calcPrice(
        {
          // There `input_tokens` holds them all.
          input_tokens: usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens,
          cache_read_tokens: usage.cachedInputTokens,
          cache_write_tokens: usage.cacheWriteTokens,
          output_tokens: usage.outputTokens,
        },
        model,
        { providerId: provider, timestamp: at },
      )
      const ours = book.quote(provider, model, at)?.cost(usage)
      if (theirs === null || ours === undefined) throw new Error('no price')
      const difference = Number(ours) - theirs.total_price * 1e9
      expect(difference).toBeGreaterThan(-1)
      expect(difference).toBeLessThan(2)
    }),
    { numRuns: 500 },
  )
})

test('the worst case bounds every cost within its tokens, whatever they are billed as and whichever tier they reach', () => {
  const usages = fc.record({
    inputTokens: fc.nat(300_000),
    cachedInputTokens: fc.nat(300_000),
    cacheWriteTokens: fc.nat(300_000),
    cacheWriteHourTokens: fc.nat(300_000),
    outputTokens: fc.nat(50_000),
    audio: fc.option(fc.record({ inputTokens: fc.nat(300_000), outputTokens: fc.nat(50_000) }), { nil: undefined }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...models, ['openai', 'gpt-4o-mini-audio-preview'] as const),
      usages,
      fc.nat(1_000),
      ([provider, model], usage: TokenUsage, slack) => {
        const rates = builtInRates(provider, model, at)
        if (!rates) throw new Error('no price')
        const bound = {
          inputTokensMax: usage.inputTokens + (usage.cachedInputTokens ?? 0) + (usage.cacheWriteTokens ?? 0) + slack,
          outputTokensMax: usage.outputTokens,
        }
        const cost = costOf(rates, usage)
        const worst = worstCaseOf(rates, bound)
        if (cost === undefined || worst === undefined) throw new Error('no cost')
        expect(cost <= worst).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('long-context tiers, cache writes of an hour and several answers count in the worst case', () => {
  const sonnet = book.quote('anthropic', 'claude-sonnet-4-5', at)
  // 6 USD a million for cache writes of an hour below 200,000 tokens, 12 above; output 15 and 22.50.
  expect(sonnet?.worstCase({ inputTokensMax: 1_000_000, outputTokensMax: 0 })).toBe(12_000_000_000n)
  expect(sonnet?.worstCase({ inputTokensMax: 100_000, outputTokensMax: 1_000_000 })).toBe(600_000_000n + 15_000_000_000n)
  expect(sonnet?.worstCase({ inputTokensMax: 100_000, outputTokensMax: 0, mayWriteCache: false })).toBe(300_000_000n)
  expect(book.quote('openai', 'gpt-4.1', at)?.worstCase({ inputTokensMax: 0, outputTokensMax: 1_000, answers: 3 })).toBe(24_000_000n)
})

test('what has no price has no cost: unknown models and providers, and numbers that are none', () => {
  expect(book.quote('openai', 'no-such-model', at)).toBeUndefined()
  expect(book.quote('nobody', 'gpt-4.1', at)).toBeUndefined()
  expect(book.quote('openai', 'whisper-1', at)).toBeUndefined()
  const embedding = book.quote('openai', 'text-embedding-3-small', at)
  expect(embedding?.cost({ inputTokens: 1_000, outputTokens: 0 })).toBe(20_000n)
  expect(embedding?.worstCase({ inputTokensMax: 1_000, outputTokensMax: 1 })).toBeUndefined()
  const known = book.quote('openai', 'gpt-4.1', at)
  expect(known?.cost({ inputTokens: -1, outputTokens: 0 })).toBeUndefined()
  expect(known?.cost({ inputTokens: 0.5, outputTokens: 0 })).toBeUndefined()
  expect(known?.worstCase({ inputTokensMax: Number.POSITIVE_INFINITY, outputTokensMax: 1 })).toBeUndefined()
})

test('prices that are written as decimals are exact, and rounded up once a call', () => {
  expect(nanoOf(0.1)).toBe(100_000_000n)
  expect(nanoOf(2.5e-7)).toBe(250n)
  expect(nanoOf(1e-10)).toBe(1n)
  expect(nanoOf(15)).toBe(15_000_000_000n)
  const nano = book.quote('openai', 'gpt-4.1-nano', at)
  // 0.1 and 0.4 USD a million: 100 and 400 nano-dollars a token.
  expect(nano?.cost({ inputTokens: 1, outputTokens: 1 })).toBe(500n)
})

test('a price of our own goes before the built-in one, the most specific first, from the moment the feed tells of it', async () => {
  const prices = new Prices(ledger.db)
  const quote = async (model: string) =>
    (await prices.current()).quote('openai', model, at)?.cost({ inputTokens: 1_000_000, outputTokens: 0 })
  expect(await quote('gpt-4.1')).toBe(2_000_000_000n)
  const wide = { provider: 'openai', input_usd_per_million: '7', output_usd_per_million: '8', request_usd: '0.50' }
  const made = await ledger.db
    .transaction()
    .execute(async (trx) => [
      await createPrice(trx, { ...wide, model: 'gpt-4*' }),
      await createPrice(trx, { ...wide, model: 'gpt-4.1', input_usd_per_million: '9', cached_input_usd_per_million: '0.000000001' }),
    ])
  expect(await quote('gpt-4.1')).toBe(2_000_000_000n)
  prices.onChange({ op: 'changed', seq: 1n, kind: 'price', subject: made[0]?.id ?? '', reason: null, node: null })
  expect(await quote('gpt-4.1')).toBe(9_500_000_000n)
  expect(await quote('gpt-4o')).toBe(7_500_000_000n)
  expect(await quote('gpt-5')).not.toBe(7_500_000_000n)
  await expect(ledger.db.transaction().execute((trx) => createPrice(trx, { ...wide, model: 'gpt-4*' }))).rejects.toMatchObject({
    code: 'conflict',
  })
  const page = await listPrices(ledger.db, { limit: 10 })
  expect(page.items.map((price) => price.model).sort()).toEqual(['gpt-4*', 'gpt-4.1'])
  expect(page.items.find((price) => price.model === 'gpt-4.1')).toMatchObject({
    input_usd_per_million: '9.00',
    cached_input_usd_per_million: '0.000000001',
  })
  for (const price of made) await ledger.db.transaction().execute((trx) => deletePrice(trx, price.id))
  prices.onChange({ op: 'reset', seq: 2n })
  expect(await quote('gpt-4.1')).toBe(2_000_000_000n)
  await expect(ledger.db.transaction().execute((trx) => deletePrice(trx, made[0]?.id ?? ''))).rejects.toMatchObject({ code: 'not-found' })
})

test('a reading that began before a change is not kept', async () => {
  let read = () => {}
  let go = () => {}
  const hasRead = new Promise<void>((resolve) => {
    read = resolve
  })
  const mayGo = new Promise<void>((resolve) => {
    go = resolve
  })
  const slow = ledger.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      read()
      await mayGo
      return result
    },
  })
  const prices = new Prices(slow)
  const began = prices.current()
  await hasRead
  await ledger.db
    .transaction()
    .execute((trx) => createPrice(trx, { provider: 'openai', model: 'fresh', input_usd_per_million: '1', output_usd_per_million: '1' }))
  prices.onChange({ op: 'changed', seq: 1n, kind: 'price', subject: 'prc_fresh', reason: null, node: null })
  go()
  for (const each of [await began, await prices.current()])
    expect(each.quote('openai', 'fresh', at)?.cost({ inputTokens: 1, outputTokens: 0 })).toBe(1_000n)
})
