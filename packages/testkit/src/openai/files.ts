import { type Answer, bytesAnswer, type Call, jsonAnswer } from '../fake/answer.ts'
import { fieldIn, readMultipart } from '../fake/multipart.ts'
import { missing, openaiError } from './errors.ts'

const purposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']

interface StoredFile {
  meta: {
    id: string
    object: 'file'
    bytes: number
    created_at: number
    expires_at: number | null
    filename: string
    purpose: string
    status: 'processed'
    status_details: null
  }
  content: Buffer
  project: string
}

/** Uploaded files, oldest first. */
export type FileStore = Map<string, StoredFile>

/** `POST`, `GET /v1/files` */
export function files(call: Call, store: FileStore): Answer {
  if (call.method === 'GET') return list(call, store)
  const parts = readMultipart(call.body, call.headers['content-type'])
  if (!parts) return openaiError(400, 'The upload must be multipart/form-data.')
  const file = parts.find((part) => part.name === 'file' && part.filename !== null)
  if (!file) return missing('file')
  const purpose = fieldIn(parts, 'purpose')
  if (purpose === undefined) return missing('purpose')
  if (!purposes.includes(purpose))
    return openaiError(400, `'${purpose}' is not one of ${JSON.stringify(purposes)} - 'purpose'`, { param: 'purpose' })
  const id = `file-${call.requestId.slice(4)}`
  const meta = {
    id,
    object: 'file' as const,
    bytes: file.body.length,
    created_at: Math.floor(call.clock.wallMs() / 1000),
    expires_at: null,
    filename: file.filename ?? 'file',
    purpose,
    status: 'processed' as const,
    status_details: null,
  }
  store.set(id, { meta, content: Buffer.from(file.body), project: call.key.project.name })
  return jsonAnswer(200, meta)
}

/** `GET`, `DELETE /v1/files/{id}` and `GET /v1/files/{id}/content`. Another project's file is as one that never was. */
export function file(call: Call, id: string, content: boolean, store: FileStore): Answer {
  const stored = store.get(id)
  if (!stored || stored.project !== call.key.project.name) return openaiError(404, `No such File object: ${id}`, { param: 'id' })
  if (content)
    return bytesAnswer(stored.content, 'application/octet-stream', {
      'content-disposition': `attachment; filename="${stored.meta.filename}"`,
    })
  if (call.method !== 'DELETE') return jsonAnswer(200, stored.meta)
  store.delete(id)
  return jsonAnswer(200, { id, object: 'file', deleted: true })
}

function list(call: Call, store: FileStore): Answer {
  const purpose = call.query.get('purpose')
  const found = [...store.values()]
    .filter((one) => one.project === call.key.project.name && (purpose === null || one.meta.purpose === purpose))
    .map((one) => one.meta)
  if (call.query.get('order') !== 'asc') found.reverse()
  const after = call.query.get('after')
  const start = after === null ? 0 : found.findIndex((one) => one.id === after) + 1
  const limit = Math.min(Number(call.query.get('limit') ?? '10000'), 10_000)
  const page = found.slice(start, start + limit)
  return jsonAnswer(200, {
    object: 'list',
    data: page,
    has_more: start + limit < found.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  })
}
