import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Behaviour, Behaviours, Rule } from './behaviour.ts'
import { numberIn, parseRecord, textIn } from './json.ts'
import type { Keys } from './keys.ts'
import type { RequestLog } from './log.ts'

export interface Controlled {
  keys: Keys
  log: RequestLog
  behaviours: Behaviours
}

/** Control requests carry no credential: one that came through a gateway is an ordinary request and is logged as such. */
export function isControl(request: IncomingMessage): boolean {
  return (
    (request.url ?? '').startsWith('/__fake/') && request.headers.authorization === undefined && request.headers['x-api-key'] === undefined
  )
}

/**
 * Steers a fake from another process. `GET /__fake/log` the entries · `DELETE /__fake/log` · `PUT /__fake/behaviour` the standing behaviour ·
 * `POST /__fake/rules` a rule · `POST /__fake/next` one behaviour or a list · `DELETE /__fake/behaviour` healthy again ·
 * `POST /__fake/keys` `{secret, id?, project?, state?: alive|disabled|removed, die_after_ms?}`.
 */
export async function answerControl(request: IncomingMessage, response: ServerResponse, controlled: Controlled): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const result = act(`${request.method} ${request.url}`, body, controlled)
  response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(result ?? { error: 'no such control' }))
}

function act(what: string, body: Buffer, { keys, log, behaviours }: Controlled): unknown {
  switch (what) {
    case 'GET /__fake/log':
      return log.entries
    case 'DELETE /__fake/log':
      log.clear()
      return {}
    case 'PUT /__fake/behaviour':
      behaviours.always(JSON.parse(body.toString()) as Behaviour)
      return {}
    case 'DELETE /__fake/behaviour':
      behaviours.healthy()
      return {}
    case 'POST /__fake/rules':
      behaviours.when(JSON.parse(body.toString()) as Rule)
      return {}
    case 'POST /__fake/next':
      behaviours.next(...([JSON.parse(body.toString())].flat() as Behaviour[]))
      return {}
    case 'POST /__fake/keys':
      return changeKey(body, keys)
    default:
      return undefined
  }
}

function changeKey(body: Buffer, keys: Keys): unknown {
  const wish = parseRecord(body)
  const secret = textIn(wish, 'secret')
  if (secret === undefined) return undefined
  const state = textIn(wish, 'state') ?? 'alive'
  if (state === 'removed') {
    keys.remove(secret)
    return {}
  }
  const id = textIn(wish, 'id')
  const project = textIn(wish, 'project')
  const known =
    keys.all().find((key) => key.secret === secret) ??
    keys.add(secret, { ...(id === undefined ? {} : { id }), ...(project === undefined ? {} : { project }) })
  known.disabled = state === 'disabled'
  const dieAfterMs = numberIn(wish, 'die_after_ms')
  if (dieAfterMs !== undefined) keys.dieAfter(secret, dieAfterMs)
  return { id: known.id, project: known.project.name, state }
}
