import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, type Call, type Caller, jsonAnswer, type Vendor } from '../fake/answer.ts'
import { parseRecord } from '../fake/json.ts'
import { countRequest, type Keys, windowLeftMs } from '../fake/keys.ts'
import { type Fake, type FakeOptions, startFake } from '../fake/server.ts'
import { tokensOf } from '../fake/tokens.ts'
import { type BatchStore, batch, batches } from './batches.ts'
import { anthropicError, anthropicFault, anthropicFaultEvent, invalid, notFound } from './errors.ts'
import { type FileStore, file, files } from './files.ts'
import { platformHeaders, rateHeaders } from './limits.ts'
import { countTokens, messages } from './messages.ts'
import { anthropicModels, modelNamed, modelObject } from './models.ts'
import { page } from './pages.ts'
import { PrefixCache } from './prompt.ts'

/** A key in the form of Anthropic's (93 characters and `AA`) that is nobody's. */
export const fakeAnthropicKey = `sk-ant-api03-${'FAKE-EXAMPLE-'.repeat(8).slice(0, 93)}AA`

/** Starts a vendor that answers as api.anthropic.com does. `origin` is the SDK's base URL; `fakeAnthropicKey` is live unless `key` says otherwise. */
export function startFakeAnthropic(options: FakeOptions = {}): Promise<Fake> {
  return startFake(anthropic(), { key: fakeAnthropicKey, ...options })
}

function anthropic(): Vendor {
  const cache = new PrefixCache()
  const stored: FileStore = new Map()
  const batched: BatchStore = new Map()

  function route(call: Call): Answer {
    const { method, path } = call
    if (path === '/v1/messages' || path === '/v1/messages/count_tokens') {
      if (method !== 'POST') return anthropicError(call, 405, 'invalid_request_error', 'Method Not Allowed')
      const body = parseRecord(call.body)
      if (!body) return invalid(call, 'The request body is not valid JSON')
      const answer = path === '/v1/messages' ? messages(call, body, cache) : countTokens(call, body)
      return { ...answer, headers: { ...rateHeaders(call.key.project, call.clock.wallMs()), ...answer.headers } }
    }
    const [, , collection, first, second, third] = path.split('/').map(decodeURIComponent)
    if (collection === 'messages' && first === 'batches') {
      if (second !== undefined) return batch(call, second, third, batched)
      const body = parseRecord(call.body)
      return method === 'POST' && !body ? invalid(call, 'The request body is not valid JSON') : batches(call, body, batched, cache)
    }
    if (collection === 'models' && method === 'GET') {
      if (first === undefined) return page(call, anthropicModels.map(modelObject))
      const model = modelNamed(first)
      return model && second === undefined ? jsonAnswer(200, modelObject(model)) : notFound(call, `model: ${first}`)
    }
    if (path === '/v1/files' && (method === 'GET' || method === 'POST')) return files(call, stored)
    if (collection === 'files' && first !== undefined && (second === undefined || second === 'content'))
      return file(call, first, second === 'content', stored)
    return notFound(call, 'Not found')
  }

  const dressed = (answer: Answer, caller: Caller): Answer => ({ ...answer, headers: { ...platformHeaders(caller), ...answer.headers } })
  return {
    name: 'anthropic',
    credentialOf,
    refuse: (caller, keys) => {
      const refusal = refuse(caller, keys)
      return refusal && dressed(refusal, caller)
    },
    answer: (call) => dressed(route(call), call),
    fault: (kind, caller, detail) => dressed(anthropicFault(kind, caller, detail), caller),
    faultEvent: anthropicFaultEvent,
  }
}

/** `x-api-key`, or a bearer token as federated workloads send it. */
function credentialOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['x-api-key']
  if (typeof key === 'string' && key !== '') return key
  return /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

function refuse(caller: Caller, keys: Keys): Answer | null {
  if (caller.credential === null) return anthropicError(caller, 401, 'authentication_error', 'x-api-key header is required')
  const verdict = keys.check(caller.credential)
  if (verdict.state !== 'alive')
    return anthropicFault('invalid_key', caller, caller.headers['x-api-key'] === undefined ? 'Invalid bearer token' : undefined)
  if (caller.headers['anthropic-version'] === undefined) return invalid(caller, 'anthropic-version: header is required')
  if (caller.path !== '/v1/messages') return null
  const { project } = verdict.key
  if (project.quotaExhausted) return anthropicFault('quota', caller)
  const nowMs = caller.clock.wallMs()
  if (countRequest(project, tokensOf(caller.body.toString('latin1')), nowMs)) return null
  const refusal = anthropicFault('rate_limited', caller)
  return {
    ...refusal,
    headers: {
      ...refusal.headers,
      ...rateHeaders(project, nowMs),
      'retry-after': String(Math.max(1, Math.ceil(windowLeftMs(project, nowMs) / 1000))),
    },
  }
}
