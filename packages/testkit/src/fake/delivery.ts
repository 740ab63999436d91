import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBrotliCompress, createDeflate, createGzip, constants as zlib } from 'node:zlib'
import type { Answer } from './answer.ts'
import type { Behaviour } from './behaviour.ts'
import { echoHeaders, fillEchoes } from './echo.ts'

export interface Delivered {
  status: number | null
  bytesSent: number
  outcome: 'answered' | 'cut' | 'aborted'
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  behaviour: Behaviour
  credential: string | null
  /** Aborts when the client's connection is gone. */
  gone: AbortSignal
}

/** Sends an answer the way the behaviour asks for; resolves when the exchange is over, whoever ended it. Never rejects because a client left. */
export async function deliver(answer: Answer, exchange: Exchange): Promise<Delivered> {
  const progress: Delivered = { status: null, bytesSent: 0, outcome: 'aborted' }
  try {
    await send(answer, exchange, progress)
  } catch (error) {
    // A broken socket reports its error before it reports its close.
    if (!exchange.gone.aborted && !exchange.request.socket.destroyed) throw error
    progress.outcome = 'aborted'
  }
  if (
    exchange.gone.aborted &&
    progress.outcome === 'answered' &&
    !exchange.response.writableFinished &&
    exchange.behaviour.httpVersion !== '1.0'
  )
    progress.outcome = 'aborted'
  return progress
}

async function send(answer: Answer, exchange: Exchange, progress: Delivered): Promise<void> {
  const { request, response, behaviour, gone } = exchange
  const socket = request.socket
  if (behaviour.firstByteDelayMs) await sleep(behaviour.firstByteDelayMs, undefined, { signal: gone })
  if (behaviour.hang === 'before_head' || behaviour.requestBody === 'stall') return untilGone(gone)
  if (behaviour.destroyAfterBytes === 0) return cut(socket, behaviour, progress)
  if (behaviour.raw !== undefined) {
    socket.end(behaviour.raw, 'latin1')
    progress.outcome = 'answered'
    progress.bytesSent = Buffer.byteLength(behaviour.raw, 'latin1')
    return
  }
  for (const code of behaviour.informational ?? []) {
    if (code === 100) response.writeContinue()
    else if (code === 102) response.writeProcessing()
    else response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
  }
  const status = behaviour.redirectTo === undefined ? answer.status : 307
  const { headers, frames } = shape(answer, exchange)
  progress.status = status
  const old = behaviour.httpVersion === '1.0'
  if (old) socket.write(oldHead(status, headers), 'latin1')
  else if (behaviour.echo?.includes('status_message') && exchange.credential !== null)
    response.writeHead(status, exchange.credential, headers)
  else response.writeHead(status, headers)
  const out = old ? socket : response
  if (!old) response.flushHeaders()
  if (behaviour.hang === 'after_head') return untilGone(gone)

  const limits = [behaviour.truncateAfterBytes, behaviour.stallAfterBytes, behaviour.destroyAfterBytes].filter((one) => one !== undefined)
  const bytesMax = Math.min(...limits, Number.POSITIVE_INFINITY)
  let first = true
  for await (const piece of pieces(encoded(frames, behaviour), behaviour.pieceBytes)) {
    if (!first && behaviour.pieceDelayMs) await sleep(behaviour.pieceDelayMs, undefined, { signal: gone })
    first = false
    const part = piece.subarray(0, Math.max(0, bytesMax - progress.bytesSent))
    if (part.length > 0 && !out.write(part)) await once(out, 'drain', { signal: gone })
    progress.bytesSent += part.length
    if (gone.aborted) return
    if (progress.bytesSent >= bytesMax) break
  }
  if (behaviour.stallAfterBytes !== undefined && progress.bytesSent >= behaviour.stallAfterBytes) return untilGone(gone)
  if (behaviour.destroyAfterBytes !== undefined && progress.bytesSent >= behaviour.destroyAfterBytes) {
    // What was written must have left this process, or the death would come before the bytes it follows.
    if (socket.writableLength > 0) await Promise.race([once(socket, 'drain', { signal: gone }), sleep(50)])
    return cut(socket, behaviour, progress)
  }
  progress.outcome = 'answered'
  if (old) {
    socket.end()
    return
  }
  const trailers = {
    ...behaviour.trailers,
    ...(behaviour.echo?.includes('trailer') && exchange.credential !== null ? { 'x-debug-key': exchange.credential } : {}),
  }
  if (Object.keys(trailers).length > 0) response.addTrailers(trailers)
  response.end()
  if (!response.writableFinished) await once(response, 'finish', { signal: gone })
}

/** The head and the body of an answer after all that a behaviour changes in them. The body is lazy: padding may be large. */
function shape(answer: Answer, exchange: Exchange): { headers: Record<string, string | string[]>; frames: Iterable<Buffer> } {
  const { behaviour, credential } = exchange
  const headers: Record<string, string | string[]> = { ...answer.headers }
  const frames = credential === null ? answer.frames : fillEchoes(answer.frames, credential, behaviour.echo ?? [])
  if (behaviour.trailingGarbage !== undefined) frames.push(Buffer.from(behaviour.trailingGarbage))
  if (credential !== null) Object.assign(headers, echoHeaders(credential, behaviour.echo ?? []))
  if (behaviour.setCookie !== undefined) headers['set-cookie'] = behaviour.setCookie
  if (behaviour.redirectTo !== undefined) headers.location = behaviour.redirectTo
  if (behaviour.hugeHeaderBytes !== undefined) headers['x-huge'] = 'h'.repeat(behaviour.hugeHeaderBytes)
  if (behaviour.encoding !== undefined) headers['content-encoding'] = behaviour.encoding
  if (behaviour.connectionClose) headers.connection = 'close'
  const trailing = behaviour.trailers !== undefined || behaviour.echo?.includes('trailer')
  if (trailing)
    headers.trailer = [...Object.keys(behaviour.trailers ?? {}), ...(behaviour.echo?.includes('trailer') ? ['x-debug-key'] : [])].join(', ')
  const bodyBytes = frames.reduce((sum, frame) => sum + frame.length, 0) + (behaviour.padBytes ?? 0)
  const sentBytes = Math.min(bodyBytes, behaviour.truncateAfterBytes ?? bodyBytes)
  if (!answer.stream && behaviour.encoding === undefined && !trailing)
    headers['content-length'] = String(sentBytes + (behaviour.contentLengthDelta ?? 0))
  return { headers: { ...headers, ...behaviour.headers }, frames: padded(frames, behaviour.padBytes ?? 0, answer.stream) }
}

const padChunkBytes = 64 * 1024

function* padded(frames: Buffer[], padBytes: number, stream: boolean): Generator<Buffer> {
  yield* frames
  const chunk = Buffer.alloc(padChunkBytes, ' ')
  if (stream) for (let at = 0; at < padChunkBytes; at += 1024) chunk.write(`\n: ${'.'.repeat(1020)}\n`, at, 'latin1')
  for (let left = padBytes; left > 0; left -= padChunkBytes) yield left >= padChunkBytes ? chunk : chunk.subarray(0, left)
}

/** Compresses with a flush after each frame, as servers do that keep a compressed stream live. */
async function* encoded(frames: Iterable<Buffer>, behaviour: Behaviour): AsyncGenerator<Buffer> {
  if (behaviour.encoding === undefined) {
    yield* frames
    return
  }
  const brotli = behaviour.encoding === 'br' ? createBrotliCompress() : undefined
  const deflate = brotli === undefined ? (behaviour.encoding === 'gzip' ? createGzip() : createDeflate()) : undefined
  const codec = brotli ?? deflate
  if (codec === undefined) return
  const ready: Buffer[] = []
  codec.on('data', (chunk: Buffer) => ready.push(chunk))
  for (const frame of frames) {
    codec.write(frame)
    await new Promise<void>((resolve) =>
      brotli ? brotli.flush(zlib.BROTLI_OPERATION_FLUSH, resolve) : deflate?.flush(zlib.Z_SYNC_FLUSH, resolve),
    )
    yield Buffer.concat(ready.splice(0))
  }
  codec.end()
  await once(codec, 'end')
  yield Buffer.concat(ready)
}

async function* pieces(frames: AsyncIterable<Buffer>, pieceBytes: number | undefined): AsyncGenerator<Buffer> {
  for await (const frame of frames) {
    if (frame.length === 0) continue
    if (pieceBytes === undefined) yield frame
    else for (let at = 0; at < frame.length; at += pieceBytes) yield frame.subarray(at, at + pieceBytes)
  }
}

function oldHead(status: number, headers: Record<string, string | string[]>): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`))
  return `HTTP/1.0 ${status} Answer\r\n${lines.join('\r\n')}\r\n\r\n`
}

function cut(socket: Socket, behaviour: Behaviour, progress: Delivered): void {
  progress.outcome = 'cut'
  if (behaviour.reset) socket.resetAndDestroy()
  else socket.destroy()
}

function untilGone(gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) resolve()
    else gone.addEventListener('abort', () => resolve(), { once: true })
  })
}
