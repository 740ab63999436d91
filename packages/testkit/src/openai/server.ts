import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, type Call, type Caller, jsonAnswer, type Vendor } from '../fake/answer.ts'
import { type JsonRecord, parseRecord } from '../fake/json.ts'
import { countRequest, type Keys } from '../fake/keys.ts'
import { type Fake, type FakeOptions, startFake } from '../fake/server.ts'
import { tokensOf } from '../fake/tokens.ts'
import { chat } from './chat.ts'
import { completions } from './completions.ts'
import { openaiError, openaiFault, openaiFaultEvent } from './errors.ts'
import { type FileStore, file, files } from './files.ts'
import { PromptCache } from './generate.ts'
import { platformHeaders, projectRateHeaders, rateHeaders } from './limits.ts'
import { embeddings, images, moderations, speech, transcriptions } from './media.ts'
import { modelNamed, modelObject, openaiModels } from './models.ts'
import { noSuchModel, noSuchPath, unreadableJson, wrongMethod } from './refusals.ts'
import { createResponse } from './responses.ts'
import { type ResponseStore, storedResponse } from './stored-responses.ts'

const half = 'FAKE-EXAMPLE-'.repeat(5).slice(0, 58)
/** A key in the form of OpenAI's project keys (58 characters, a fixed middle, 58 characters) that is nobody's. */
export const fakeOpenaiKey = `sk-proj-${half}T3BlbkFJ${half}`

/** Starts a vendor that answers as api.openai.com does. `origin + '/v1'` is the SDK's base URL; `fakeOpenaiKey` is live unless `key` says otherwise. */
export function startFakeOpenai(options: FakeOptions = {}): Promise<Fake> {
  return startFake(openai(), { key: fakeOpenaiKey, ...options })
}

/** Takes a form with a file where the others take JSON. */
const transcriptionPath = '/v1/audio/transcriptions'

type JsonRoute = (call: Call, body: JsonRecord) => Answer

function openai(): Vendor {
  const cache = new PromptCache()
  const responses: ResponseStore = new Map()
  const stored: FileStore = new Map()
  /** The paths that cost money, take JSON and count against the rate limit. */
  const modelRoutes: Record<string, JsonRoute> = {
    '/v1/chat/completions': (call, body) => chat(call, body, cache),
    '/v1/responses': (call, body) => createResponse(call, body, cache, responses),
    '/v1/completions': completions,
    '/v1/embeddings': embeddings,
    '/v1/audio/speech': speech,
    '/v1/moderations': moderations,
    '/v1/images/generations': images,
  }

  function route(call: Call): Answer {
    const { method, path } = call
    const modelRoute = modelRoutes[path]
    if (modelRoute) {
      if (method !== 'POST') return wrongMethod(method, path)
      const body = parseRecord(call.body)
      if (!body) return openaiError(400, unreadableJson)
      const answer = modelRoute(call, body)
      return { ...answer, headers: { ...rateHeaders(call), ...answer.headers } }
    }
    if (path === transcriptionPath) {
      if (method !== 'POST') return wrongMethod(method, path)
      const answer = transcriptions(call)
      return { ...answer, headers: { ...rateHeaders(call), ...answer.headers } }
    }
    if (path === '/v1/files') return method === 'GET' || method === 'POST' ? files(call, stored) : wrongMethod(method, path)
    const [, , collection, id, tail] = path.split('/').map(decodeURIComponent)
    if (collection === 'files' && id !== undefined && (tail === undefined || tail === 'content'))
      return file(call, id, tail === 'content', stored)
    if (collection === 'responses' && id !== undefined && (tail === undefined || (tail === 'cancel' && method === 'POST')))
      return storedResponse(call, id, tail, responses)
    if (path === '/v1/models')
      return method === 'GET' ? jsonAnswer(200, { object: 'list', data: openaiModels.map(modelObject) }) : wrongMethod(method, path)
    if (collection === 'models' && id !== undefined && tail === undefined && method === 'GET') {
      const model = modelNamed(id)
      return model ? jsonAnswer(200, modelObject(model)) : noSuchModel(id)
    }
    return noSuchPath(method, path)
  }

  const dressed = (answer: Answer, caller: Caller): Answer => ({ ...answer, headers: { ...platformHeaders(caller), ...answer.headers } })
  return {
    name: 'openai',
    credentialOf,
    refuse: (caller, keys) => {
      const refusal = refuse(caller, keys, caller.path in modelRoutes || caller.path === transcriptionPath)
      return refusal && dressed(refusal, caller)
    },
    answer: (call) => dressed(route(call), call),
    fault: (kind, caller, detail) => dressed(openaiFault(kind, caller, detail), caller),
    faultEvent: (kind, caller) => openaiFaultEvent(kind, caller.path),
  }
}

function credentialOf(headers: IncomingHttpHeaders): string | null {
  return /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

function refuse(caller: Caller, keys: Keys, counted: boolean): Answer | null {
  if (caller.credential === null)
    return openaiError(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )
  const verdict = keys.check(caller.credential)
  if (verdict.state !== 'alive') return openaiFault('invalid_key', caller)
  const { project } = verdict.key
  const wanted = caller.headers['openai-project']
  if (typeof wanted === 'string' && wanted !== `proj_${project.name}`)
    return openaiError(401, 'OpenAI-Project header should match project for API key', { code: 'mismatched_project' })
  if (!counted) return null
  if (project.quotaExhausted) return openaiFault('quota', caller)
  const nowMs = caller.clock.wallMs()
  if (countRequest(project, tokensOf(caller.body.toString('latin1')), nowMs)) return null
  const refusal = openaiFault('rate_limited', caller)
  const headers = projectRateHeaders(project, nowMs)
  const seconds = Math.max(1, Math.ceil(Number.parseFloat(headers['x-ratelimit-reset-requests'] ?? '1')))
  return {
    ...refusal,
    headers: { ...refusal.headers, ...headers, 'retry-after': String(seconds), 'retry-after-ms': String(seconds * 1000) },
  }
}
