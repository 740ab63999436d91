import { chatBound, completionsBound, embeddingsBound, responsesBound } from './openai-bound.ts'
import { OpenaiStreamUsage, openaiUsage } from './openai-usage.ts'
import { type LlmProtocol, type Operation, table } from './operation.ts'

const run = { effect: 'spend', body: 'json', byDefault: true, model: true } as const
const read = { effect: 'consume', body: 'none', cost: 'free', model: false } as const
const write = { effect: 'modify', body: 'none', cost: 'free', model: false } as const

const chat: Operation = {
  ...run,
  name: 'chat',
  cost: 'tokens',
  output: { members: ['max_completion_tokens', 'max_tokens'], insert: 'max_completion_tokens' },
  bound: chatBound,
  askForUsage: true,
}
const responses: Operation = {
  ...run,
  name: 'responses',
  cost: 'tokens',
  output: { members: ['max_output_tokens'], insert: 'max_output_tokens' },
  bound: responsesBound,
}
const completions: Operation = {
  ...run,
  name: 'completions',
  cost: 'tokens',
  output: { members: ['max_tokens'], insert: 'max_tokens', providerDefault: 16 },
  bound: completionsBound,
  askForUsage: true,
}
const embeddings: Operation = { ...run, name: 'embeddings', cost: 'tokens', bound: embeddingsBound }
const moderations: Operation = { ...run, name: 'moderations', cost: 'free' }
const images: Operation = { ...run, name: 'images', cost: { unbounded: 'image generation' } }
const imageUpload: Operation = { ...images, body: 'multipart' }
const speech: Operation = { ...run, name: 'audio.speech', cost: { unbounded: 'speech' } }
const transcriptions: Operation = { ...run, name: 'audio.transcriptions', body: 'multipart', cost: { unbounded: 'audio' } }
const translations: Operation = { ...transcriptions, name: 'audio.translations' }
const modelsRead: Operation = { ...read, name: 'models.read', byDefault: true }
const filesRead: Operation = { ...read, name: 'files.read', byDefault: false }
const filesUpload: Operation = { ...write, name: 'files.write', body: 'multipart', byDefault: false }
const filesDelete: Operation = { ...write, name: 'files.write', byDefault: false }
const batchesRead: Operation = { ...read, name: 'batches.read', byDefault: false }
const batchesCreate: Operation = {
  name: 'batches.write',
  effect: 'spend',
  body: 'json',
  byDefault: false,
  model: false,
  // They are in the file.
  modelsWithin: () => undefined,
  cost: { unbounded: 'batches (their calls run later, from a file)' },
}
const batchesCancel: Operation = { ...write, name: 'batches.write', byDefault: false }
const responsesRead: Operation = { ...read, name: 'responses.read', byDefault: false }
const responsesWrite: Operation = { ...write, name: 'responses.write', byDefault: false }

const find = table({
  'POST /v1/chat/completions': chat,
  'POST /v1/responses': responses,
  'GET /v1/responses/*': responsesRead,
  'GET /v1/responses/*/input_items': responsesRead,
  'POST /v1/responses/*/cancel': responsesWrite,
  'DELETE /v1/responses/*': responsesWrite,
  'POST /v1/completions': completions,
  'POST /v1/embeddings': embeddings,
  'POST /v1/moderations': moderations,
  'POST /v1/images/generations': images,
  'POST /v1/images/edits': imageUpload,
  'POST /v1/images/variations': imageUpload,
  'POST /v1/audio/speech': speech,
  'POST /v1/audio/transcriptions': transcriptions,
  'POST /v1/audio/translations': translations,
  'GET /v1/models': modelsRead,
  'GET /v1/models/*': modelsRead,
  'GET /v1/files': filesRead,
  'GET /v1/files/*': filesRead,
  'GET /v1/files/*/content': filesRead,
  'POST /v1/files': filesUpload,
  'DELETE /v1/files/*': filesDelete,
  'GET /v1/batches': batchesRead,
  'GET /v1/batches/*': batchesRead,
  'POST /v1/batches': batchesCreate,
  'POST /v1/batches/*/cancel': batchesCancel,
})

/** OpenAI's HTTP API, and whoever speaks it alike. Addresses are judged with or without `/v1`, which some upstreams have in their base. */
export const openai: LlmProtocol = {
  operation: (method, path) => find(method, path.startsWith('/v1/') ? path : `/v1${path}`),
  usage: openaiUsage,
  streamUsage: () => new OpenaiStreamUsage(),
  unboundedHeader: () => undefined,
}
