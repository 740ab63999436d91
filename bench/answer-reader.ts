const headEnd = Buffer.from('\r\n\r\n')
/** Kept of an answer for the message of a failed run. */
const beginningBytesMax = 300

/**
 * Finds the end of one HTTP/1.1 answer (Content-Length or chunked) as its bytes arrive, and whether its body held a mark. Does no more
 * than a load generator needs; informational answers are skipped.
 */
export class AnswerReader {
  readonly #mark: Buffer
  #head: Buffer | null = null
  #headDone = false
  #lengthLeft = 0
  #chunked = false
  /** Bytes left of the current chunk's data; -1: at a size line. */
  #chunkLeft = -1
  #sizeLine = ''
  #lastChunk = false
  #tail: Buffer = Buffer.alloc(0)
  status = 0
  bodyBytes = 0
  markSeen = false
  beginning = ''

  constructor(mark: Buffer) {
    this.#mark = mark
  }

  reset(): void {
    this.#head = null
    this.#headDone = false
    this.#chunkLeft = -1
    this.#sizeLine = ''
    this.#lastChunk = false
    this.#tail = Buffer.alloc(0)
    this.status = 0
    this.bodyBytes = 0
    this.markSeen = false
    this.beginning = ''
  }

  /** Takes the next bytes; true once the answer is whole. */
  push(chunk: Buffer): boolean {
    let rest = chunk
    while (!this.#headDone) {
      const seen = this.#head === null ? rest : Buffer.concat([this.#head, rest])
      const end = seen.indexOf(headEnd)
      if (end < 0) {
        this.#head = seen
        return false
      }
      this.#readHead(seen.toString('latin1', 0, end))
      rest = seen.subarray(end + 4)
      this.#head = null
      if (this.status >= 200) this.#headDone = true
      else if (rest.length === 0) return false
    }
    return this.#chunked ? this.#readChunks(rest) : this.#readLength(rest)
  }

  #readHead(head: string): void {
    this.status = Number.parseInt(head.slice(9, 12), 10)
    const lower = head.toLowerCase()
    this.#chunked = lower.includes('\r\ntransfer-encoding: chunked')
    const at = lower.indexOf('\r\ncontent-length:')
    this.#lengthLeft = at < 0 ? 0 : Number.parseInt(lower.slice(at + 17, at + 40), 10)
  }

  #readLength(bytes: Buffer): boolean {
    this.#body(bytes)
    this.#lengthLeft -= bytes.length
    return this.#lengthLeft <= 0
  }

  #readChunks(bytes: Buffer): boolean {
    let at = 0
    while (at < bytes.length) {
      if (this.#chunkLeft < 0) {
        const lineEnd = bytes.indexOf(10, at)
        this.#sizeLine += bytes.toString('latin1', at, lineEnd < 0 ? bytes.length : lineEnd)
        if (lineEnd < 0) return false
        at = lineEnd + 1
        const line = this.#sizeLine.trim()
        this.#sizeLine = ''
        // An empty line ends the data of a chunk, and after the last chunk the answer.
        if (line === '' && this.#lastChunk) return true
        if (line === '' || this.#lastChunk) continue
        const size = Number.parseInt(line, 16)
        if (size === 0) this.#lastChunk = true
        else this.#chunkLeft = size
        continue
      }
      const part = bytes.subarray(at, at + this.#chunkLeft)
      this.#body(part)
      at += part.length
      this.#chunkLeft -= part.length
      if (this.#chunkLeft === 0) this.#chunkLeft = -1
    }
    return false
  }

  #body(part: Buffer): void {
    this.bodyBytes += part.length
    if (this.beginning.length < beginningBytesMax && this.status !== 200)
      this.beginning += part.toString('utf8').slice(0, beginningBytesMax)
    if (this.markSeen || part.length === 0) return
    const seen = this.#tail.length === 0 ? part : Buffer.concat([this.#tail, part])
    if (seen.includes(this.#mark)) this.markSeen = true
    else this.#tail = seen.subarray(-this.#mark.length + 1)
  }
}
