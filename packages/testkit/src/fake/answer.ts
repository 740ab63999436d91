import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Behaviour, FaultKind } from './behaviour.ts'
import type { Keys, LiveKey } from './keys.ts'

/** What a vendor decided to say, before any misbehaviour is applied to it. */
export interface Answer {
  status: number
  headers: Record<string, string | string[]>
  /** The body in the writes that a healthy server makes: one for JSON, one for each event of a stream. */
  frames: Buffer[]
  stream: boolean
  /** What the vendor bills for it. */
  usage?: Record<string, number>
  model?: string
}

/** One request as a vendor's routes see it. The credential has been checked. */
export interface Call {
  requestId: string
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
  /** As presented, whether live or not. */
  credential: string
  key: LiveKey
  behaviour: Behaviour
  clock: Clock
}

/** The part of a call that is known when the credential was not accepted. */
export type Caller = Omit<Call, 'key' | 'credential'> & { credential: string | null; key: LiveKey | null }

/** A vendor: how it reads a credential, what it answers, how it says no. */
export interface Vendor {
  readonly name: string
  credentialOf(headers: IncomingHttpHeaders): string | null
  /** Why a caller is turned away before any route is asked, or null. */
  refuse(caller: Caller, keys: Keys): Answer | null
  answer(call: Call): Answer
  fault(kind: FaultKind, caller: Caller, detail?: string): Answer
  /** The event with which a running stream reports an error, as it is on the wire. */
  faultEvent(kind: FaultKind, caller: Caller): string
}

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string | string[]> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, frames: [Buffer.from(JSON.stringify(body))], stream: false }
}

export function streamAnswer(events: string[], headers: Record<string, string | string[]> = {}): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    frames: events.map((event) => Buffer.from(event)),
    stream: true,
  }
}

export function bytesAnswer(body: Buffer, contentType: string, headers: Record<string, string | string[]> = {}): Answer {
  return { status: 200, headers: { 'content-type': contentType, ...headers }, frames: [body], stream: false }
}

/** One server-sent event; `name` null where the vendor sends data lines alone. */
export function event(name: string | null, data: unknown): string {
  return `${name === null ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
}
