import { type Answer, type Call, jsonAnswer } from '../fake/answer.ts'
import type { JsonRecord } from '../fake/json.ts'
import { openaiError } from './errors.ts'

interface Stored {
  running: JsonRecord
  finished: JsonRecord
  /** A background run is in progress until then, by the fake's clock. */
  doneAtMs: number
  canceled: boolean
  /** Tokens of the whole conversation up to and with this answer: what a follow-up pays for again. */
  contextTokens: number
  project: string
}

/** Answers that were stored (the default), for `previous_response_id`, retrieval and background runs. */
export type ResponseStore = Map<string, Stored>

export const responsesStoredMax = 10_000
/** How long a background run takes. */
export const backgroundRunsMs = 500

/** `GET`, `DELETE /v1/responses/{id}` and `POST /v1/responses/{id}/cancel`. Another project's answer is as one that never was. */
export function storedResponse(call: Call, id: string, verb: string | undefined, store: ResponseStore): Answer {
  const stored = store.get(id)
  if (!stored || stored.project !== call.key.project.name) return openaiError(404, `Response with id '${id}' not found.`)
  const runs = call.clock.wallMs() < stored.doneAtMs
  if (verb === 'cancel') {
    if (stored.running.background !== true) return openaiError(400, 'Only background responses can be cancelled.')
    if (runs) stored.canceled = true
  }
  if (call.method !== 'DELETE')
    return jsonAnswer(200, stored.canceled ? { ...stored.running, status: 'cancelled' } : runs ? stored.running : stored.finished)
  store.delete(id)
  return jsonAnswer(200, { id, object: 'response', deleted: true })
}
