import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Transform } from 'node:stream'
import type { AnswerReader } from './answer-reader.ts'
import { decoderFor } from './decode.ts'
import { isolationHeaders } from './door.ts'
import { clientHeaders } from './headers.ts'
import { Refusal } from './refusal.ts'
import type { Scrubber } from './scrub/scrubber.ts'

export interface RelayOptions {
  readonly response: ServerResponse
  readonly scrubber: Scrubber
  readonly responseBytesMax: number
  /** Headers of ours, as a flat list. */
  readonly own: readonly string[]
  /** No body follows, whatever the head says. */
  readonly headOnly: boolean
  /** The upstream may go on. */
  readonly onDrain: () => void
  /** What came can't go on: a Refusal, or a decoder's error. */
  readonly onFail: (error: Error) => void
}

/**
 * Carries an answer to the client: decoded, read for usage, scrubbed, as fast as the client takes it. The head waits for the first bytes of the
 * body or, in a stream, for the end of the turn of the event loop, so that a short answer is one write.
 */
export class Relay {
  readonly #options: RelayOptions
  readonly #response: ServerResponse
  readonly #reader: AnswerReader
  readonly #status: number
  readonly #head: string[]
  readonly #length: number | undefined
  readonly #decoder: Transform | undefined
  /** Server-sent events. */
  readonly streamed: boolean
  #bytes = 0
  #headSent = false
  /** The client left: bytes are read for usage only. */
  #discarding = false
  #decoderFull = false
  #clientFull = false
  #gathering = false
  #ended: (() => void) | undefined

  /** Throws upstream_refused where the answer's encoding can't be looked into. */
  constructor(options: RelayOptions, reader: AnswerReader, status: number, headers: IncomingHttpHeaders, streamed: boolean) {
    this.#options = options
    this.#response = options.response
    this.#reader = reader
    this.#status = status
    this.streamed = streamed
    const encoding = headers['content-encoding']
    const decoder = options.headOnly ? 'identity' : decoderFor(Array.isArray(encoding) ? encoding.join(',') : encoding)
    if (decoder === undefined) throw new Refusal('upstream_refused', 'The answer has an encoding that can not be looked into.')
    this.#decoder = decoder === 'identity' ? undefined : this.#wire(decoder)
    const length = headers['content-length']
    this.#length = this.#decoder === undefined && typeof length === 'string' ? Number(length) : undefined
    this.#head = this.#headOf(headers, length)
    options.scrubber.headers(this.#head)
    if (streamed) process.nextTick(this.#flushHead)
  }

  /** Bytes of the decoded answer so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes bytes of the upstream. False: wait for `onDrain`. */
  push(chunk: Buffer): boolean {
    if (this.#decoder === undefined) this.#pass(chunk)
    else if (!this.#decoder.write(chunk)) this.#decoderFull = true
    return !this.#decoderFull && !this.#clientFull
  }

  /** The upstream's answer is whole. `done` is called once the last byte was read, and the answer ended. */
  end(done: () => void): void {
    if (this.#decoder === undefined) {
      this.#finish(done)
      return
    }
    this.#ended = done
    this.#decoder.end()
  }

  /** From now on bytes are only read, as fast as they come. */
  discard(): void {
    this.#discarding = true
    this.#clientFull = false
    this.#decoder?.resume()
  }

  /** Writes last words into a stream that has begun, and ends it. */
  endWith(event: string): void {
    this.#sendHead()
    this.#response.end(`\n\n${event}`)
    this.destroy()
  }

  /** The client takes bytes again. */
  drained(): void {
    if (!this.#clientFull) return
    this.#clientFull = false
    this.#decoder?.resume()
    if (!this.#decoderFull) this.#options.onDrain()
  }

  destroy(): void {
    this.#decoder?.destroy()
  }

  #wire(decoder: Transform): Transform {
    decoder.on('data', (chunk: Buffer) => {
      this.#pass(chunk)
      if (this.#clientFull) decoder.pause()
    })
    decoder.on('drain', () => {
      this.#decoderFull = false
      if (!this.#clientFull) this.#options.onDrain()
    })
    decoder.on('end', () => this.#finish(this.#ended))
    decoder.on('error', () => this.#options.onFail(new Refusal('upstream_broke', 'The answer could not be decompressed.')))
    return decoder
  }

  #headOf(headers: IncomingHttpHeaders, length: string | string[] | undefined): string[] {
    const head = clientHeaders(headers, this.#decoder === undefined)
    for (const [name, value] of isolationHeaders) head.push(name, value)
    // Whoever asks again asks us: an answer that a cache before us kept would come without a token, a record, or after a revocation.
    head.push('cache-control', this.streamed ? 'no-cache, no-transform' : 'private, no-cache')
    if (this.streamed) head.push('x-accel-buffering', 'no')
    if (this.#options.headOnly && typeof length === 'string') head.push('content-length', length)
    for (const one of this.#options.own) head.push(one)
    return head
  }

  #pass(chunk: Buffer): void {
    const whole = this.#bytes === 0 && chunk.length === this.#length
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.responseBytesMax) {
      this.#options.onFail(new Refusal('response_too_large'))
      return
    }
    const clean = this.#options.scrubber.push(this.#reader.push(chunk))
    if (this.#discarding) return
    if (whole) {
      this.#sendWhole(clean)
      return
    }
    this.#sendHead()
    this.#gather()
    if (clean.length > 0 && !this.#response.write(clean)) this.#clientFull = true
  }

  /** The body came in one piece: its length is known after scrubbing, too, once nothing more can follow. */
  #sendWhole(clean: Buffer): void {
    const tail = this.#options.scrubber.push(this.#reader.end())
    const rest = this.#options.scrubber.end()
    const body = tail.length === 0 && rest.length === 0 ? clean : Buffer.concat([clean, tail, rest])
    this.#headSent = true
    this.#head.push('content-length', String(body.length))
    this.#response.writeHead(this.#status, this.#head)
    this.#response.end(body)
  }

  #sendHead(): void {
    if (this.#headSent || this.#response.destroyed || this.#response.writableEnded) return
    this.#headSent = true
    this.#gather()
    this.#response.writeHead(this.#status, this.#head)
  }

  /** What is written in one turn of the event loop goes to the socket in one system call. */
  #gather(): void {
    if (this.#gathering) return
    this.#gathering = true
    this.#response.socket?.cork()
    process.nextTick(this.#release)
  }

  readonly #release = (): void => {
    this.#gathering = false
    this.#response.socket?.uncork()
  }

  /** The head of a stream whose first event is not here yet. */
  readonly #flushHead = (): void => {
    if (this.#headSent) return
    this.#sendHead()
    if (this.#headSent) this.#response.flushHeaders()
  }

  #finish(done: (() => void) | undefined): void {
    if (!this.#response.writableEnded) {
      const tail = this.#options.scrubber.push(this.#reader.end())
      const rest = Buffer.concat([tail, this.#options.scrubber.end()])
      if (!this.#discarding) {
        if (!this.#headSent && !this.#options.headOnly) this.#head.push('content-length', String(rest.length))
        this.#sendHead()
        if (rest.length > 0) this.#response.end(rest)
        else this.#response.end()
      }
    }
    done?.()
  }
}
