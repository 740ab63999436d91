import { type Answer, bytesAnswer, type Call, jsonAnswer } from '../fake/answer.ts'
import { type JsonRecord, listIn, recordIn, textIn } from '../fake/json.ts'
import { invalid, notFound } from './errors.ts'
import { batchResult } from './messages.ts'
import { page } from './pages.ts'
import type { PrefixCache } from './prompt.ts'

interface Batch {
  id: string
  createdMs: number
  canceledMs: number | null
  results: { custom_id: string; result: JsonRecord }[]
  project: string
}

export type BatchStore = Map<string, Batch>

/** A batch is `in_progress` for this long by the fake's clock, then ended. */
export const batchRunsMs = 1000
const lifeMs = 24 * 3600 * 1000

/** `POST`, `GET /v1/messages/batches` */
export function batches(call: Call, body: JsonRecord | undefined, store: BatchStore, cache: PrefixCache): Answer {
  if (call.method === 'GET') {
    const mine = [...store.values()].filter((batch) => batch.project === call.key.project.name).reverse()
    return page(
      call,
      mine.map((batch) => batchObject(call, batch)),
    )
  }
  const requests = listIn(body, 'requests') ?? []
  if (requests.length === 0) return invalid(call, 'requests: at least one request is required')
  const ids = requests.map((request) => textIn(request, 'custom_id'))
  if (ids.includes(undefined) || new Set(ids).size < ids.length)
    return invalid(call, 'requests: each needs a custom_id that is unique in the batch')
  const results = requests.map((request) => ({
    custom_id: textIn(request, 'custom_id') ?? '',
    result: batchResult(call, recordIn(request, 'params') ?? {}, cache),
  }))
  const batch: Batch = {
    id: `msgbatch_${call.requestId.slice(4)}`,
    createdMs: call.clock.wallMs(),
    canceledMs: null,
    results,
    project: call.key.project.name,
  }
  store.set(batch.id, batch)
  return jsonAnswer(200, batchObject(call, batch))
}

/** `/v1/messages/batches/{id}`, `…/cancel`, `…/results` */
export function batch(call: Call, id: string, verb: string | undefined, store: BatchStore): Answer {
  const found = store.get(id)
  if (!found || found.project !== call.key.project.name) return notFound(call, `Batch not found: ${id}`)
  const ended = isEnded(call, found)
  if (verb === 'cancel' && call.method === 'POST') {
    if (ended) return invalid(call, 'The batch has ended and cannot be canceled.')
    found.canceledMs = call.clock.wallMs()
    return jsonAnswer(200, batchObject(call, found))
  }
  if (verb === 'results' && call.method === 'GET') {
    if (!ended) return notFound(call, 'The batch has no results yet.')
    const lines = found.results.map(({ custom_id, result }) =>
      JSON.stringify({ custom_id, result: found.canceledMs === null ? result : { type: 'canceled' } }),
    )
    return bytesAnswer(Buffer.from(`${lines.join('\n')}\n`), 'application/x-jsonl')
  }
  if (verb !== undefined) return notFound(call, 'Not found')
  if (call.method !== 'DELETE') return jsonAnswer(200, batchObject(call, found))
  if (!ended) return invalid(call, 'The batch is in progress: cancel it first.')
  store.delete(id)
  return jsonAnswer(200, { id, type: 'message_batch_deleted' })
}

function isEnded(call: Call, batch: Batch): boolean {
  return call.clock.wallMs() - batch.createdMs >= batchRunsMs
}

function batchObject(call: Call, batch: Batch) {
  const ended = isEnded(call, batch)
  const canceled = batch.canceledMs !== null
  const succeeded = batch.results.filter((one) => one.result.type === 'succeeded').length
  const iso = (atMs: number): string => new Date(atMs).toISOString()
  return {
    id: batch.id,
    type: 'message_batch' as const,
    processing_status: ended ? ('ended' as const) : canceled ? ('canceling' as const) : ('in_progress' as const),
    request_counts: {
      processing: ended ? 0 : batch.results.length,
      succeeded: ended && !canceled ? succeeded : 0,
      errored: ended && !canceled ? batch.results.length - succeeded : 0,
      canceled: ended && canceled ? batch.results.length : 0,
      expired: 0,
    },
    created_at: iso(batch.createdMs),
    expires_at: iso(batch.createdMs + lifeMs),
    ended_at: ended ? iso(batch.createdMs + batchRunsMs) : null,
    archived_at: null,
    cancel_initiated_at: batch.canceledMs === null ? null : iso(batch.canceledMs),
    // An absolute address, as the vendor's: a client behind a gateway must not follow it with a key.
    results_url: ended ? `http://${call.headers.host ?? 'localhost'}/v1/messages/batches/${batch.id}/results` : null,
  }
}
