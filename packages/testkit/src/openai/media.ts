import { createHash } from 'node:crypto'
import { type Answer, bytesAnswer, type Call, jsonAnswer } from '../fake/answer.ts'
import { type JsonRecord, listIn, numberIn, textIn } from '../fake/json.ts'
import { fieldIn, readMultipart } from '../fake/multipart.ts'
import { textOf, tokensOf } from '../fake/tokens.ts'
import { missing, openaiError } from './errors.ts'
import { modelNamed } from './models.ts'
import { noSuchModel } from './refusals.ts'

/** `POST /v1/embeddings`: vectors that depend on the text alone, of unit length. */
export function embeddings(call: Call, body: JsonRecord): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return openaiError(400, 'you must provide a model parameter')
  if (modelNamed(name)?.use !== 'embedding') return noSuchModel(name)
  const inputs = (typeof body.input === 'string' ? [body.input] : (listIn(body, 'input') ?? [])).filter((one) => typeof one === 'string')
  if (inputs.length === 0) return missing('input')
  const dimensions = numberIn(body, 'dimensions') ?? (name.startsWith('text-embedding-3-large') ? 3072 : 1536)
  const asBase64 = body.encoding_format === 'base64'
  const data = inputs.map((text, index) => {
    const vector = vectorOf(text, dimensions)
    return { object: 'embedding' as const, index, embedding: asBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector] }
  })
  const tokens = inputs.reduce((sum, text) => sum + tokensOf(text), 0)
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  return {
    ...jsonAnswer(200, {
      object: 'list',
      data,
      model: name,
      ...(call.behaviour.noUsage ? {} : { usage: { ...usage, ...call.behaviour.usageReported } }),
    }),
    model: name,
    usage,
  }
}

/** `POST /v1/audio/speech`: bytes that a player takes for a WAV file, one kilobyte for each token. */
export function speech(_call: Call, body: JsonRecord): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return missing('model')
  if (modelNamed(name)?.use !== 'speech') return noSuchModel(name)
  const input = textIn(body, 'input')
  if (input === undefined) return missing('input')
  if (textIn(body, 'voice') === undefined) return missing('voice')
  const tokens = tokensOf(input)
  const sound = Buffer.alloc(tokens * 1024)
  for (let at = 0; at < sound.length; at += 2) sound.writeInt16LE(Math.round(8000 * Math.sin(at / 20)), at)
  return {
    ...bytesAnswer(Buffer.concat([wavHead(sound.length), sound]), 'audio/wav'),
    model: name,
    usage: { input_tokens: tokens, output_tokens: tokens },
  }
}

/** `POST /v1/audio/transcriptions`: a form, so the model is in a part. A token of input for each started kilobyte of sound. */
export function transcriptions(call: Call): Answer {
  const parts = readMultipart(call.body, call.headers['content-type'])
  if (!parts) return openaiError(400, 'The upload must be multipart/form-data.')
  const name = fieldIn(parts, 'model')
  if (name === undefined) return openaiError(400, 'you must provide a model parameter')
  if (modelNamed(name)?.use !== 'transcription') return noSuchModel(name)
  const sound = parts.find((part) => part.name === 'file' && part.filename !== null)
  if (!sound) return missing('file')
  const text = call.behaviour.reply ?? `${sound.body.length} bytes of sound`
  const inputTokens = Math.ceil(sound.body.length / 1024)
  const outputTokens = tokensOf(text)
  const counts = { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
  const usage = {
    type: 'tokens',
    ...counts,
    input_token_details: { text_tokens: 0, audio_tokens: inputTokens },
    ...call.behaviour.usageReported,
  }
  return { ...jsonAnswer(200, { text, ...(call.behaviour.noUsage ? {} : { usage }) }), model: name, usage: counts }
}

const categories = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
]

/** `POST /v1/moderations`: flags what contains the word `violence`. Free of charge, as the real one. */
export function moderations(call: Call, body: JsonRecord): Answer {
  const input = body.input
  if (input === undefined) return missing('input')
  const texts =
    typeof input === 'string' ? [input] : (listIn(body, 'input') ?? []).map((one) => (typeof one === 'string' ? one : textOf([one])))
  const results = texts.map((text) => {
    const hit = (category: string): boolean => category === 'violence' && /violence/i.test(text)
    const each = <T>(value: (category: string) => T): Record<string, T> =>
      Object.fromEntries(categories.map((category) => [category, value(category)]))
    return {
      flagged: categories.some(hit),
      categories: each(hit),
      category_scores: each((one) => (hit(one) ? 0.97 : 0.0001)),
      category_applied_input_types: each(() => ['text']),
    }
  })
  const name = textIn(body, 'model') ?? 'omni-moderation-latest'
  return { ...jsonAnswer(200, { id: `modr-${call.requestId.slice(4)}`, model: name, results }), model: name }
}

/** A one-pixel PNG. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** What the real model counts for a square picture of medium quality. */
const tokensPerPicture = 1056

/** `POST /v1/images/generations` */
export function images(call: Call, body: JsonRecord): Answer {
  const name = textIn(body, 'model') ?? 'gpt-image-1'
  if (modelNamed(name)?.use !== 'image') return openaiError(400, `Invalid value: '${name}'.`, { param: 'model', code: 'invalid_value' })
  const prompt = textIn(body, 'prompt')
  if (prompt === undefined) return missing('prompt')
  const count = numberIn(body, 'n') ?? 1
  const inputTokens = tokensOf(prompt)
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { text_tokens: inputTokens, image_tokens: 0 },
    output_tokens: count * tokensPerPicture,
    total_tokens: inputTokens + count * tokensPerPicture,
  }
  const answer = jsonAnswer(200, {
    created: Math.floor(call.clock.wallMs() / 1000),
    background: 'opaque',
    output_format: 'png',
    quality: 'medium',
    size: '1024x1024',
    data: Array.from({ length: count }, () => ({ b64_json: pixel })),
    ...(call.behaviour.noUsage ? {} : { usage: { ...usage, ...call.behaviour.usageReported } }),
  })
  return {
    ...answer,
    model: name,
    usage: { input_tokens: inputTokens, output_tokens: usage.output_tokens, total_tokens: usage.total_tokens },
  }
}

function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  let square = 0
  for (let at = 0, block = Buffer.alloc(0); at < dimensions; at += 1) {
    if (at % 32 === 0) block = createHash('sha256').update(`${at}\n${text}`).digest()
    const value = (block[at % 32] ?? 0) - 127.5
    vector[at] = value
    square += value * value
  }
  const length = Math.sqrt(square)
  return vector.map((value) => value / length)
}

/** The 44 bytes before 16-bit mono samples at 24 kHz. */
function wavHead(dataBytes: number): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + dataBytes, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(24_000, 24)
  head.writeUInt32LE(48_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(dataBytes, 40)
  return head
}
