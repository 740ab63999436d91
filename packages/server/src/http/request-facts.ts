/** What is known of a request beside its body. Made once, at the door; nothing below reads the raw request again. */
export interface RequestFacts {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: Headers
  /** Of the caller: the socket's, or what a trusted proxy says. */
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  readonly correlationId: string
  /** Monotonic clock when the request was read (observe/clock.ts): where measured effects begin. */
  readonly receivedAtMs: number
}
