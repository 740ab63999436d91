import { z } from 'zod'
import { limits } from './limits.ts'

/** Query of every list. Cursors are opaque; they hold the last row's position, not an offset, and are bound to the filters they came from. */
export const PageQuery = z.object({
  cursor: z.string().max(512).optional().meta({ description: '`next_cursor` of the previous page' }),
  limit: z.coerce.number().int().min(1).max(limits.pageItemsMax).default(limits.pageItemsDefault),
})

/** `{items, next_cursor}`; `next_cursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

export const Timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339 time' })
export const Revision = z.number().int().meta({ description: 'Grows by one with each change; the ETag holds it' })
