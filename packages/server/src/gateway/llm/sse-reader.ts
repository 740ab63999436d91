import { limits } from '@keyward/contract/limits'
import { KeptBytes } from '../../kept-bytes.ts'
import { isObject, type JsonValue } from './json-body.ts'
import type { StreamUsage } from './operation.ts'

const empty = Buffer.alloc(0)
const usageName = Buffer.from('"usage"')
const dataField = Buffer.from('data:')
const boundaries = [Buffer.from('\n\n'), Buffer.from('\r\n\r\n')]
const boundaryBytesMax = 4

/**
 * Reads usage out of a stream of server-sent events (HTML standard, 9.2) while its bytes go through untouched. Only a line that is not
 * whole yet is kept, up to `sseEventBytesMax`; a longer one passes unread. With `strip`, an event that holds nothing but usage which the
 * client did not ask for is taken out; then an event goes on only once it is whole.
 */
export class SseReader {
  readonly #stream: StreamUsage
  readonly #strip: boolean
  readonly #kept = new KeptBytes()
  /** In a line or event that is too long to be read: until its end. */
  #skipping = false

  constructor(stream: StreamUsage, strip: boolean) {
    this.#stream = stream
    this.#strip = strip
  }

  /** The bytes that go on now. */
  push(chunk: Buffer): Buffer {
    return this.#strip ? this.#pushStripping(chunk) : this.#pushReading(chunk)
  }

  /** What is left when the stream ends. */
  end(): Buffer {
    const rest = this.#kept.take()
    if (rest.length === 0) return rest
    const usageOnly = this.#readLines(rest)
    return this.#strip && !usageOnly ? rest : empty
  }

  #pushReading(chunk: Buffer): Buffer {
    const last = chunk.lastIndexOf(10)
    if (last === -1) {
      this.#keep(chunk)
      return chunk
    }
    const from = this.#skipping ? chunk.indexOf(10) + 1 : 0
    this.#skipping = false
    const whole = chunk.subarray(from, last + 1)
    const lines = this.#kept.length === 0 ? whole : this.#whole(whole)
    if (lines.includes(usageName)) this.#readLines(lines)
    if (last + 1 < chunk.length) this.#keep(chunk.subarray(last + 1))
    return chunk
  }

  #whole(rest: Buffer): Buffer {
    this.#kept.append(rest)
    return this.#kept.take()
  }

  #keep(part: Buffer): void {
    if (this.#skipping) return
    if (this.#kept.length + part.length > limits.sseEventBytesMax) {
      this.#skipping = true
      this.#kept.clear()
    } else this.#kept.append(part)
  }

  #pushStripping(chunk: Buffer): Buffer {
    const before = this.#kept.length
    if (before === 0) return this.#passEvents(chunk)
    this.#kept.append(chunk)
    // What was kept had no end of an event in it; one may be cut by the border.
    const ended = lastEventEnd(this.#kept.from(before - boundaryBytesMax)) > 0
    return ended || this.#kept.length > limits.sseEventBytesMax ? this.#passEvents(this.#kept.take()) : empty
  }

  #passEvents(bytes: Buffer): Buffer {
    const whole = lastEventEnd(bytes)
    if (this.#skipping && whole === 0) return bytes
    this.#skipping = false
    if (bytes.length - whole > limits.sseEventBytesMax) {
      this.#skipping = true
      return this.#withoutUsage(bytes, whole)
    }
    if (whole < bytes.length) this.#kept.append(bytes.subarray(whole))
    return this.#withoutUsage(bytes.subarray(0, whole), whole)
  }

  /** `bytes` without the events before `whole` that hold nothing but usage. */
  #withoutUsage(bytes: Buffer, whole: number): Buffer {
    let at = bytes.indexOf(usageName)
    if (at === -1 || at >= whole) return bytes
    const parts: Buffer[] = []
    let from = 0
    let read = 0
    while (at !== -1 && at < whole) {
      const start = read + lastEventEnd(bytes.subarray(read, at))
      const end = at + firstEventEnd(bytes.subarray(at, whole))
      if (this.#readLines(bytes.subarray(start, end))) {
        parts.push(bytes.subarray(from, start))
        from = end
      }
      read = end
      at = bytes.indexOf(usageName, end)
    }
    if (from === 0) return bytes
    parts.push(bytes.subarray(from))
    return Buffer.concat(parts)
  }

  /** Reads each `data:` line that has a usage object. True where the last of them held nothing else. */
  #readLines(lines: Buffer): boolean {
    let usageOnly = false
    let start = 0
    while (start < lines.length) {
      const newline = lines.indexOf(10, start)
      const end = newline === -1 ? lines.length : newline
      const line = lines.subarray(start, end)
      if (hasUsageObject(line)) {
        const value = parse(line.subarray(dataField.length).toString('utf8'))
        if (isObject(value)) usageOnly = this.#stream.event(value)
      }
      start = end + 1
    }
    return usageOnly
  }
}

function hasUsageObject(line: Buffer): boolean {
  if (line.length < dataField.length || line.compare(dataField, 0, dataField.length, 0, dataField.length) !== 0) return false
  let at = line.indexOf(usageName)
  while (at !== -1) {
    let next = at + usageName.length
    while (line[next] === 32 || line[next] === 58) next += 1
    if (line[next] === 123) return true
    at = line.indexOf(usageName, next)
  }
  return false
}

function lastEventEnd(bytes: Buffer): number {
  let end = 0
  for (const boundary of boundaries) {
    const at = bytes.lastIndexOf(boundary)
    if (at !== -1) end = Math.max(end, at + boundary.length)
  }
  return end
}

function firstEventEnd(bytes: Buffer): number {
  let end = bytes.length
  for (const boundary of boundaries) {
    const at = bytes.indexOf(boundary)
    if (at !== -1) end = Math.min(end, at + boundary.length)
  }
  return end
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}
