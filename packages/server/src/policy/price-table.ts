import type { Price, PriceCreate } from '@keyward/contract/budgets'
import { KeywardError } from '@keyward/contract/errors'
import { formatUsd, parseUsd } from '@keyward/contract/money'
import type { Kysely, Selectable, Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { PricesTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'

/*
 * Prices of our own, which go before the built-in table. They belong to the installation as a whole. Whoever changes one records the act and
 * then, last, the change (kind `price`).
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** @throws KeywardError `conflict` where that provider and model pattern already have one */
export async function createPrice(trx: Trx, input: PriceCreate): Promise<Price> {
  const row = await trx
    .insertInto('prices')
    .values({
      id: newId('price'),
      provider: input.provider,
      model: input.model,
      input_nano_per_million: nano(input.input_usd_per_million),
      output_nano_per_million: nano(input.output_usd_per_million),
      cached_input_nano_per_million: optionalNano(input.cached_input_usd_per_million),
      cache_write_nano_per_million: optionalNano(input.cache_write_usd_per_million),
      request_nano: optionalNano(input.request_usd),
    })
    .onConflict((conflict) => conflict.columns(['provider', 'model']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) throw new KeywardError('conflict', `${input.provider} ${input.model} has a price already: delete that first`)
  return priceOf(row)
}

/** @throws KeywardError `invalid-cursor` */
export async function listPrices(db: Db, query: { cursor?: string | undefined; limit: number }): Promise<Page<Price>> {
  return await pageOf(db.selectFrom('prices').selectAll(), 'prices', query, priceOf)
}

/** @throws KeywardError `not-found` */
export async function showPrice(db: Db, id: string): Promise<Price> {
  const row = await db.selectFrom('prices').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return priceOf(row)
}

/** @throws KeywardError `not-found` */
export async function deletePrice(trx: Trx, id: string): Promise<void> {
  const { numDeletedRows } = await trx.deleteFrom('prices').where('id', '=', id).executeTakeFirst()
  if (numDeletedRows === 0n) throw new KeywardError('not-found')
}

/** @throws KeywardError `invalid-request`; the schema refuses such text before it comes here */
export function nano(usd: string): bigint {
  const amount = parseUsd(usd)
  if (amount === undefined) throw new KeywardError('invalid-request', `"${usd}" is not an amount of US dollars`)
  return amount
}

function optionalNano(usd: string | undefined): bigint | null {
  return usd === undefined ? null : nano(usd)
}

function priceOf(row: Selectable<PricesTable>): Price {
  return {
    id: row.id,
    provider: row.provider,
    model: row.model,
    input_usd_per_million: formatUsd(row.input_nano_per_million),
    output_usd_per_million: formatUsd(row.output_nano_per_million),
    ...(row.cached_input_nano_per_million === null ? {} : { cached_input_usd_per_million: formatUsd(row.cached_input_nano_per_million) }),
    ...(row.cache_write_nano_per_million === null ? {} : { cache_write_usd_per_million: formatUsd(row.cache_write_nano_per_million) }),
    ...(row.request_nano === null ? {} : { request_usd: formatUsd(row.request_nano) }),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    revision: row.revision,
  }
}
