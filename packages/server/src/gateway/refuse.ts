import type { IncomingMessage, ServerResponse } from 'node:http'
import { gatewayErrors } from '@keyward/contract/gateway-errors'
import type { Turned } from './door.ts'
import { isolationHeaders } from './door.ts'
import { errorBody, errorContentType, type Protocol, shouldRetry } from './error-shape.ts'
import type { Refusal } from './refusal.ts'

/** Answers a call that does not go through, in the protocol's own shape. Nothing may have been written before. */
export function sendRefusal(
  response: ServerResponse,
  request: IncomingMessage,
  protocol: Protocol,
  refusal: Refusal,
  callId: string,
  /** Values of WWW-Authenticate (gateway/challenge). */
  challenges: readonly string[] = [],
): void {
  const { code } = refusal
  const { status } = gatewayErrors[code]
  const body = Buffer.from(errorBody(protocol, { code, detail: refusal.detail, correlationId: callId }))
  const head: string[] = ['content-type', errorContentType(protocol), 'content-length', String(body.length), 'cache-control', 'no-store']
  for (const [name, value] of isolationHeaders) head.push(name, value)
  head.push('keyward-error', code, 'keyward-call-id', callId)
  if (!shouldRetry(code)) head.push('x-should-retry', 'false')
  if (refusal.retryAfterSeconds !== undefined) head.push('retry-after', String(Math.max(1, Math.ceil(refusal.retryAfterSeconds))))
  for (const name in refusal.headers) if (name !== 'www-authenticate') head.push(name, refusal.headers[name] ?? '')
  for (const challenge of challenges) head.push('www-authenticate', challenge)
  if (!request.complete) head.push('connection', 'close')
  response.writeHead(status, head)
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Answers what was turned away at the door: problem details without a word about what is behind it. */
export function sendTurned(response: ServerResponse, request: IncomingMessage, turned: Turned): void {
  const body = Buffer.from(JSON.stringify({ type: 'about:blank', title: turned.title, status: turned.status }))
  const head: string[] = ['content-type', 'application/problem+json', 'content-length', String(body.length), 'cache-control', 'no-store']
  for (const [name, value] of isolationHeaders) head.push(name, value)
  head.push('connection', 'close')
  response.writeHead(turned.status, head)
  response.end(request.method === 'HEAD' ? undefined : body)
}
