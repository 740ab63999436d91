import { type Answer, type Call, jsonAnswer } from '../fake/answer.ts'

/** Anthropic's pages: `limit` (1 to 1000, default 20), `after_id`, `before_id` in; `data, has_more, first_id, last_id` out. */
export function page<T extends { id: string }>(call: Call, items: readonly T[]): Answer {
  const limit = Math.max(1, Math.min(1000, Number(call.query.get('limit') ?? '20') || 20))
  const after = call.query.get('after_id')
  const before = call.query.get('before_id')
  let data: readonly T[]
  let more: boolean
  if (before !== null) {
    const end = Math.max(
      0,
      items.findIndex((item) => item.id === before),
    )
    data = items.slice(Math.max(0, end - limit), end)
    more = end - limit > 0
  } else {
    const start = after === null ? 0 : items.findIndex((item) => item.id === after) + 1
    data = items.slice(start, start + limit)
    more = start + limit < items.length
  }
  return jsonAnswer(200, { data, has_more: more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null })
}
