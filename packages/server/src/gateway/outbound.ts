import type { IncomingMessage } from 'node:http'
import type { Injection } from '@keyward/contract/resources'
import { upstreamHeaders } from './headers.ts'
import type { OpenSecret } from './seams.ts'

/** The header in which a resource's credential travels. */
export function injectedHeader(injection: Injection): string {
  return injection.style === 'header' ? injection.header : 'authorization'
}

/** The value of that header: the only place where the secret is put. */
function injectedValue(injection: Injection, secret: OpenSecret): string {
  if (injection.style === 'bearer') return `Bearer ${secret.reveal()}`
  if (injection.style === 'header') return secret.reveal()
  return `Basic ${Buffer.from(`${injection.username}:${secret.reveal()}`).toString('base64')}`
}

/**
 * The whole head of the request that goes upstream: the caller's headers without what must not pass, our credential, and no compression of the
 * answer, which would hide usage and echoed secrets (one that comes all the same is decoded).
 */
export function outboundHeaders(request: IncomingMessage, injection: Injection, secret: OpenSecret, viaName: string): string[] {
  const name = injectedHeader(injection)
  const list = upstreamHeaders(request, name)
  list.push(name, injectedValue(injection, secret), 'accept-encoding', 'identity', 'via', `1.1 ${viaName}`)
  return list
}
