import { type Answer, bytesAnswer, type Call, jsonAnswer } from '../fake/answer.ts'
import { readMultipart } from '../fake/multipart.ts'
import { invalid, notFound } from './errors.ts'

interface StoredFile {
  meta: {
    id: string
    type: 'file'
    created_at: string
    filename: string
    mime_type: string
    size_bytes: number
    downloadable: boolean
    expires_at: null
  }
  content: Buffer
  project: string
}

/** Uploaded files, oldest first. */
export type FileStore = Map<string, StoredFile>

/** `POST`, `GET /v1/files`. Pages go by an opaque `page` cursor that `next_page` gives. */
export function files(call: Call, store: FileStore): Answer {
  if (call.method === 'GET') {
    const mine = [...store.values()]
      .filter((one) => one.project === call.key.project.name)
      .map((one) => one.meta)
      .reverse()
    const limit = Math.max(1, Math.min(1000, Number(call.query.get('limit') ?? '20') || 20))
    const start = Number(Buffer.from(call.query.get('page') ?? '', 'base64url').toString() || '0')
    const next = start + limit < mine.length ? Buffer.from(String(start + limit)).toString('base64url') : null
    return jsonAnswer(200, { data: mine.slice(start, start + limit), next_page: next })
  }
  const file = readMultipart(call.body, call.headers['content-type'])?.find((part) => part.name === 'file' && part.filename !== null)
  if (!file) return invalid(call, 'file: Field required')
  const id = `file_${call.requestId.slice(4)}`
  const meta = {
    id,
    type: 'file' as const,
    created_at: new Date(call.clock.wallMs()).toISOString(),
    filename: file.filename ?? 'file',
    mime_type: file.contentType ?? 'application/octet-stream',
    size_bytes: file.body.length,
    downloadable: true,
    expires_at: null,
  }
  store.set(id, { meta, content: Buffer.from(file.body), project: call.key.project.name })
  return jsonAnswer(200, meta)
}

/** `GET`, `DELETE /v1/files/{id}` and `GET /v1/files/{id}/content`. Another workspace's file is as one that never was. */
export function file(call: Call, id: string, content: boolean, store: FileStore): Answer {
  const stored = store.get(id)
  if (!stored || stored.project !== call.key.project.name) return notFound(call, `File not found: ${id}`)
  if (content) return bytesAnswer(stored.content, stored.meta.mime_type)
  if (call.method !== 'DELETE') return jsonAnswer(200, stored.meta)
  store.delete(id)
  return jsonAnswer(200, { id, type: 'file_deleted' })
}
