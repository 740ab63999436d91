import { messagesBound } from './anthropic-bound.ts'
import { AnthropicStreamUsage, anthropicUsage } from './anthropic-usage.ts'
import { isObject, type JsonObject } from './json-body.ts'
import { type LlmProtocol, type Operation, table } from './operation.ts'

const read = { effect: 'consume', body: 'none', cost: 'free', model: false } as const
const write = { effect: 'modify', body: 'none', cost: 'free', model: false } as const

const messages: Operation = {
  name: 'messages',
  effect: 'spend',
  body: 'json',
  byDefault: true,
  model: true,
  cost: 'tokens',
  output: { members: ['max_tokens'], insert: 'max_tokens' },
  bound: messagesBound,
}
const countTokens: Operation = {
  name: 'messages.count_tokens',
  effect: 'consume',
  body: 'json',
  byDefault: true,
  model: true,
  cost: 'free',
}
const modelsRead: Operation = { ...read, name: 'models.read', byDefault: true }
const batchesRead: Operation = { ...read, name: 'batches.read', byDefault: false }
const batchesCreate: Operation = {
  name: 'batches.write',
  effect: 'spend',
  body: 'json',
  byDefault: false,
  model: false,
  modelsWithin: batchedModels,
  cost: { unbounded: 'batches (their calls run later)' },
}
const batchesCancel: Operation = { ...write, name: 'batches.write', byDefault: false }
const filesRead: Operation = { ...read, name: 'files.read', byDefault: false }
const filesUpload: Operation = { ...write, name: 'files.write', body: 'multipart', byDefault: false }
const filesDelete: Operation = { ...write, name: 'files.write', byDefault: false }

function batchedModels({ requests }: JsonObject): unknown {
  if (!Array.isArray(requests)) return undefined
  return requests.map((request) => (isObject(request) && isObject(request.params) ? request.params.model : undefined))
}

const find = table({
  'POST /v1/messages': messages,
  'POST /v1/messages/count_tokens': countTokens,
  'GET /v1/models': modelsRead,
  'GET /v1/models/*': modelsRead,
  'GET /v1/messages/batches': batchesRead,
  'GET /v1/messages/batches/*': batchesRead,
  'GET /v1/messages/batches/*/results': batchesRead,
  'POST /v1/messages/batches': batchesCreate,
  'POST /v1/messages/batches/*/cancel': batchesCancel,
  'DELETE /v1/messages/batches/*': batchesCancel,
  'GET /v1/files': filesRead,
  'GET /v1/files/*': filesRead,
  'GET /v1/files/*/content': filesRead,
  'POST /v1/files': filesUpload,
  'DELETE /v1/files/*': filesDelete,
})

/** Betas that change no price. Others (long context, fast mode, server tools) may. */
const pricelessBetas =
  /^(?:prompt-caching|token-efficient-tools|output-128k|interleaved-thinking|fine-grained-tool-streaming|structured-outputs|token-counting|max-tokens-3-5-sonnet|computer-use)-/

/** Anthropic's HTTP API. */
export const anthropic: LlmProtocol = {
  operation: find,
  usage: anthropicUsage,
  streamUsage: () => new AnthropicStreamUsage(),
  unboundedHeader: (name, value) => {
    if (name !== 'anthropic-beta') return undefined
    for (const beta of value.split(',')) if (!pricelessBetas.test(beta.trim())) return `anthropic-beta: ${beta.trim().slice(0, 60)}`
    return undefined
  },
}
