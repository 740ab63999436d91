import type { Kysely, Selectable } from 'kysely'
import type { Change } from '../changes/change.ts'
import type { PricesTable, Tables } from '../db/tables.ts'
import { builtInRates } from './built-in-prices.ts'
import type { TokenUsage } from './call.ts'
import { costOf, type Rate, type Rates, type TokenBound, worstCaseOf } from './rates.ts'

/**
 * What one model costs, as it stood when it was asked. Keep it with the call: with one quote for the worst case and the cost, a price that
 * changes meanwhile can't make the cost larger than what was reserved.
 */
export interface Quote {
  /** Nano-dollars; undefined where the bound needs a price that is not known. */
  worstCase(bound: TokenBound): bigint | undefined
  /** Nano-dollars; undefined where something was used that has no known price. */
  cost(usage: TokenUsage): bigint | undefined
}

/** Quotes of one state of the price table. */
export interface PriceBook {
  /** Undefined where the price is not known. @param provider the resource's provider slug */
  quote(provider: string, model: string, at: Date): Quote | undefined
}

/**
 * Prices: our own table first, then the built-in one. The table is read once and dropped when the feed says that it changed; a reading that
 * began before that is not kept.
 */
export class Prices {
  readonly #db: Kysely<Tables>
  #book: PriceBook | undefined
  #reading: Promise<PriceBook> | undefined
  #generation = 0

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** Give it to `ChangeFeed.on`. */
  readonly onChange = (change: Change): void => {
    if (change.op !== 'reset' && change.kind !== 'price') return
    this.#generation += 1
    this.#book = undefined
    this.#reading = undefined
  }

  /** The prices as they are now: at once where they were read, else a promise. @throws the database's error */
  current(): PriceBook | Promise<PriceBook> {
    if (this.#book) return this.#book
    this.#reading ??= this.#read()
    return this.#reading
  }

  async #read(): Promise<PriceBook> {
    const generation = this.#generation
    try {
      const rows = await this.#db.selectFrom('prices').selectAll().execute()
      if (generation !== this.#generation) return await this.current()
      this.#book = bookOf(rows)
      return this.#book
    } finally {
      if (generation === this.#generation) this.#reading = undefined
    }
  }
}

/** Looking a model up takes 12 µs, and prices may change with the hour: a quote is good for a minute. */
const minuteMs = 60_000
const quotesMax = 2_000

function bookOf(rows: readonly Selectable<PricesTable>[]): PriceBook {
  // The most specific pattern first: a whole name before a beginning, a longer beginning before a shorter one.
  const own = [...rows].sort((a, b) => specificity(b.model) - specificity(a.model))
  const quotes = new Map<string, Quote | undefined>()
  return {
    quote(provider, model, at) {
      const key = `${provider} ${Math.floor(at.getTime() / minuteMs)} ${model}`
      if (quotes.has(key)) return quotes.get(key)
      const mine = own.find((row) => row.provider === provider && matches(row.model, model))
      const rates = mine ? ownRates(mine) : builtInRates(provider, model, at)
      const quote = rates && quoteOf(rates)
      if (quotes.size >= quotesMax) quotes.clear()
      quotes.set(key, quote)
      return quote
    },
  }
}

function quoteOf(rates: Rates): Quote {
  return { worstCase: (bound) => worstCaseOf(rates, bound), cost: (usage) => costOf(rates, usage) }
}

function ownRates(row: Selectable<PricesTable>): Rates {
  return {
    input: flat(row.input_nano_per_million),
    output: flat(row.output_nano_per_million),
    cachedInput: row.cached_input_nano_per_million === null ? undefined : flat(row.cached_input_nano_per_million),
    cacheWrite: row.cache_write_nano_per_million === null ? undefined : flat(row.cache_write_nano_per_million),
    request: row.request_nano ?? 0n,
  }
}

function flat(base: bigint): Rate {
  return { base, steps: [] }
}

function specificity(pattern: string): number {
  return pattern.endsWith('*') ? pattern.length - 1 : Number.MAX_SAFE_INTEGER
}

/** As in a grant's scope: a model id, or a beginning of one with a star. */
function matches(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern
}
