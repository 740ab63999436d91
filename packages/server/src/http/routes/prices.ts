import { routes } from '@keyward/contract/routes'
import { createPrice, deletePrice, listPrices, showPrice } from '../../policy/price-table.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { prices } = routes

/** Prices hold for the whole installation. */
export function priceHandlers({ db }: Services): Implementation[] {
  return [
    implement(prices.list, ({ query }) => listPrices(db, query)),
    implement(prices.create, ({ permit, body, transact }) => {
      permit.requireAll()
      return transact(async (trx, act) => {
        const price = await createPrice(trx, body)
        await act.record({ target: { kind: 'price', id: price.id }, details: body })
        act.change('price', price.id)
        return price
      })
    }),
    implement(prices.delete, ({ permit, params, transact }) => {
      permit.requireAll()
      return transact(async (trx, act) => {
        const price = await showPrice(trx, params.id)
        await deletePrice(trx, params.id)
        await act.record({ target: { kind: 'price', id: price.id }, details: { provider: price.provider, model: price.model } })
        act.change('price', params.id)
        return undefined
      })
    }),
  ]
}
