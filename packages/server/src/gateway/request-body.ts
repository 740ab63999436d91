import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { KeptBytes } from '../kept-bytes.ts'
import { Refusal } from './refusal.ts'

const empty = Buffer.alloc(0)
/** Pieces that a body may come in, and bytes that each further one has to bring on average: a JSON encoder that writes word by word does. */
const piecesFree = 4_096
const pieceBytesMin = 4

/** True where the request announces a body. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** The announced length in bytes; undefined for a chunked body. Throws body_too_large where it is over the bound. */
export function announcedBytes(request: IncomingMessage, bytesMax: number): number | undefined {
  const text = request.headers['content-length']
  if (text === undefined) return undefined
  const bytes = Number(text)
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new Refusal('body_invalid', 'Its Content-Length is no number.')
  if (bytes > bytesMax) throw tooLarge(bytesMax)
  return bytes
}

/** Reads the whole body. Rejects with body_too_large, or with body_invalid where the client broke off or cuts it to dust. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer = empty
    let kept: KeptBytes | undefined
    let bytes = 0
    let pieces = 0
    const settle = () => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
      request.off('error', onClose)
    }
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      pieces += 1
      if (bytes > bytesMax || isDust(pieces, bytes)) {
        settle()
        request.pause()
        reject(bytes > bytesMax ? tooLarge(bytesMax) : dust())
      } else if (first.length === 0) first = chunk
      else {
        if (kept === undefined) {
          kept = new KeptBytes()
          kept.append(first)
        }
        kept.append(chunk)
      }
    }
    const onEnd = () => {
      settle()
      resolve(kept === undefined ? first : kept.take())
    }
    const onClose = () => {
      settle()
      reject(new Refusal('body_invalid', 'It broke off.'))
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
    request.on('error', onClose)
  })
}

const smallBytes = 1_024

/**
 * A body on its way upstream: as fast as the upstream takes it, at most `bytesMax`. Ending it early never touches the client's socket, which
 * still has to carry our answer.
 */
export class Upload extends Readable {
  readonly #request: IncomingMessage
  readonly #bytesMax: number
  /** Pieces of one read of the socket, on their way as one: the stream would hold tens of thousands of them while the upstream waits. */
  readonly #small = new KeptBytes()
  #bytes = 0
  #pieces = 0

  constructor(request: IncomingMessage, bytesMax: number) {
    super({ highWaterMark: 65_536 })
    this.#request = request
    this.#bytesMax = bytesMax
    request.on('data', this.#onData)
    request.on('end', this.#onEnd)
    request.on('close', this.#onClose)
    request.on('error', this.#onClose)
    request.pause()
  }

  override _read(): void {
    this.#request.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
    this.#request.off('error', this.#onClose)
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    this.#pieces += 1
    if (this.#bytes > this.#bytesMax) this.destroy(tooLarge(this.#bytesMax))
    else if (isDust(this.#pieces, this.#bytes)) this.destroy(dust())
    else if (chunk.length < smallBytes || this.#small.length > 0) {
      if (this.#small.length === 0) process.nextTick(this.#flush)
      this.#small.append(chunk)
    } else if (!this.push(chunk)) this.#request.pause()
  }

  readonly #flush = (): void => {
    if (this.#small.length > 0 && !this.destroyed && !this.push(this.#small.take())) this.#request.pause()
  }

  readonly #onEnd = (): void => {
    this.#flush()
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.destroy(new Refusal('body_invalid', 'It broke off.'))
  }
}

/** Ten thousand pieces come in one read of a socket, and 32 reads in one turn: enough of them, and this node hears nothing else. */
function isDust(pieces: number, bytes: number): boolean {
  return pieces > piecesFree + bytes / pieceBytesMin
}

function dust(): Refusal {
  return new Refusal('body_invalid', 'It comes in pieces of a byte or two.')
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal('body_too_large', `The limit is ${bytesMax} bytes.`)
}
