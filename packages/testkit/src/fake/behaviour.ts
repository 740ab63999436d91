/** What a fake can be told to do wrong, or differently. Everything is optional; nothing set means a healthy vendor. */
export interface Behaviour {
  // The answer
  /** The model's text. Default: a sentence made from the last user message. */
  reply?: string
  /** Replaces the reply by one of exactly this many tokens (still cut by the request's own maximum). */
  outputTokens?: number
  /** Answers with this error in the vendor's own shape. */
  fault?: FaultKind
  /** Sent as `retry-after` with a fault. */
  retryAfterSeconds?: number
  /** A stream breaks off with the vendor's error event after this many events. */
  faultAfterEvents?: { events: number; kind: FaultKind }
  /** Leaves usage out of the answer, asked for or not. */
  noUsage?: boolean
  /** Fields that overwrite the reported usage: an upstream that lies or is broken (`-5`, `1e308`, a string). */
  usageReported?: Record<string, unknown>
  /** Repeats the credential that it was given, in each of these forms. */
  echo?: EchoForm[]

  // The head
  headers?: Record<string, string | string[]>
  /** Adds a header of about this size. Node's client refuses heads above 16 KiB by default. */
  hugeHeaderBytes?: number
  setCookie?: string
  /** 307 to this address, body and all. */
  redirectTo?: string
  /** Informational answers sent first: 100, 102 or 103. */
  informational?: (100 | 102 | 103)[]
  httpVersion?: '1.0' | '1.1'
  connectionClose?: boolean
  encoding?: 'gzip' | 'br' | 'deflate'
  /** Declares a length that is off by this many bytes. */
  contentLengthDelta?: number
  trailers?: Record<string, string>
  /** Bytes put on the socket as they are in place of any answer; then the connection ends. For malformed and smuggled heads. */
  raw?: string

  // The body
  /** Appends this many bytes of padding: spaces after JSON, comment lines in a stream. */
  padBytes?: number
  trailingGarbage?: string
  /** Ends properly after this many bytes: truncated JSON under an honest framing. */
  truncateAfterBytes?: number
  /** Cuts what is sent into writes of this size, so that words, keys and usage lie over chunk borders. */
  pieceBytes?: number

  // Time and death
  firstByteDelayMs?: number
  /** Between writes. With `pieceBytes`: a slow drip. */
  pieceDelayMs?: number
  /** Reads the request and never answers, or goes silent after the head. */
  hang?: 'before_head' | 'after_head'
  /** Goes silent after this many body bytes, the connection open. */
  stallAfterBytes?: number
  /** Destroys the socket after this many body bytes; 0: before the head. */
  destroyAfterBytes?: number
  /** The death is a reset, not an end of file. */
  reset?: boolean

  // The request
  /** `ignore`: answers without reading the body. `stall`: reads none of it and never answers (back-pressure); a large body's sender that leaves goes unseen. */
  requestBody?: 'ignore' | 'stall'
}

export const faultKinds = [
  'invalid_key',
  'forbidden',
  'bad_request',
  'not_found',
  'rate_limited',
  'quota',
  'server_error',
  'unavailable',
  'overloaded',
] as const
export type FaultKind = (typeof faultKinds)[number]

/**
 * Where and how the credential comes back. In the text of the answer: `body` as it is, `json_escaped` as \\uXXXX, `base64`, `base64url`,
 * `base64_shifted` (one byte before it, so that the alignment differs), `percent`, `hex`; `split`: as it is, over two writes;
 * `two_deltas`: half in each of two stream events (no filter of bytes can see that). Elsewhere: `header`, `cookie`, `location`,
 * `status_message`, `trailer`, `error` (a 400 whose message quotes it).
 */
export type EchoForm =
  | 'body'
  | 'json_escaped'
  | 'base64'
  | 'base64url'
  | 'base64_shifted'
  | 'percent'
  | 'hex'
  | 'split'
  | 'two_deltas'
  | 'header'
  | 'cookie'
  | 'location'
  | 'status_message'
  | 'trailer'
  | 'error'

/** A behaviour for some requests only. */
export interface Rule {
  /** The path (without query) starts with this. */
  path?: string
  method?: string
  /** Only requests that presented this key. */
  key?: string
  /** Only each nth of the requests that match otherwise. */
  everyNth?: number
  /** Ends after so many uses. */
  timesMax?: number
  behaviour: Behaviour
}

/** The request header that carries one request's own behaviour as JSON; it wins over all else. */
export const behaviourHeader = 'x-fake-behaviour'

/** What a server does now: the standing behaviour, rules on top of it, single answers queued on top of these. */
export class Behaviours {
  #standing: Behaviour = {}
  #rules: { rule: Rule; matched: number; used: number }[] = []
  #queue: Behaviour[] = []

  /** Replaces the standing behaviour. */
  always(behaviour: Behaviour): void {
    this.#standing = behaviour
  }

  /** The next requests, one each, in this order. */
  next(...behaviours: Behaviour[]): void {
    this.#queue.push(...behaviours)
  }

  when(rule: Rule): void {
    this.#rules.push({ rule, matched: 0, used: 0 })
  }

  healthy(): void {
    this.#standing = {}
    this.#rules = []
    this.#queue = []
  }

  /** The behaviour of one request. Throws SyntaxError where the request's own header is no JSON. */
  pick(request: { method: string; path: string; credential: string | null; header: string | undefined }): Behaviour {
    let picked: Behaviour = { ...this.#standing }
    for (const entry of this.#rules) {
      const { rule } = entry
      if (rule.path !== undefined && !request.path.startsWith(rule.path)) continue
      if (rule.method !== undefined && rule.method !== request.method) continue
      if (rule.key !== undefined && rule.key !== request.credential) continue
      entry.matched += 1
      if (rule.everyNth !== undefined && entry.matched % rule.everyNth !== 0) continue
      if (rule.timesMax !== undefined && entry.used >= rule.timesMax) continue
      entry.used += 1
      picked = { ...picked, ...rule.behaviour }
    }
    const queued = this.#queue.shift()
    const own = request.header === undefined ? {} : (JSON.parse(request.header) as Behaviour)
    return { ...picked, ...queued, ...own }
  }
}
