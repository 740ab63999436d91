import type { TokenUsage } from '../policy/call.ts'
import { JsonUsage } from './llm/json-usage.ts'
import type { LlmProtocol, StreamUsage } from './llm/operation.ts'
import { SseReader } from './llm/sse-reader.ts'

/** Watches an answer's decoded bytes go by. */
export interface AnswerReader {
  /** The bytes that go on now. */
  push(chunk: Buffer): Buffer
  /** What is left at the end. */
  end(): Buffer
  /** Usage that the answer reported, once it is final. */
  usage(): TokenUsage | undefined
}

const empty = Buffer.alloc(0)

/** For answers that have no usage: plain HTTP, files, errors. */
export const noReader: AnswerReader = { push: (chunk) => chunk, end: () => empty, usage: () => undefined }

export class StreamReader implements AnswerReader {
  readonly #stream: StreamUsage
  readonly #reader: SseReader

  constructor(protocol: LlmProtocol, strip: boolean) {
    this.#stream = protocol.streamUsage()
    this.#reader = new SseReader(this.#stream, strip)
  }

  push(chunk: Buffer): Buffer {
    return this.#reader.push(chunk)
  }

  end(): Buffer {
    return this.#reader.end()
  }

  usage(): TokenUsage | undefined {
    return this.#stream.usage
  }
}

export class JsonReader implements AnswerReader {
  readonly #protocol: LlmProtocol
  readonly #json = new JsonUsage()
  #usage: TokenUsage | undefined

  constructor(protocol: LlmProtocol) {
    this.#protocol = protocol
  }

  push(chunk: Buffer): Buffer {
    this.#json.push(chunk)
    return chunk
  }

  end(): Buffer {
    const answer = this.#json.end()
    if (answer !== undefined) this.#usage = this.#protocol.usage(answer)
    return empty
  }

  usage(): TokenUsage | undefined {
    return this.#usage
  }
}
