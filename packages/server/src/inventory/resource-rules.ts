import { KeywardError } from '@keyward/contract/errors'
import type { Injection, ResourceCreate } from '@keyward/contract/resources'
import type { Purpose } from '@keyward/contract/words'
import { reachOf } from '../egress/address.ts'
import { invalid } from './conflicts.ts'

/*
 * What a resource must be, whoever makes it. The gateway and egress/ judge each call again: a name may resolve elsewhere tomorrow.
 */

type Kind = ResourceCreate['kind']

/** Credentials of different purposes are never interchangeable (design, section 2); a model's key would go uncounted through `http`. */
const purposes: Readonly<Record<Kind, readonly Purpose[]>> = {
  llm: ['model'],
  http: ['data', 'tool', 'deploy', 'billing', 'training'],
}

/** Providers whose protocol and prices the gateway knows. */
const llmProviders = ['openai', 'anthropic']

/** @throws KeywardError `invalid-request` */
export function requirePurpose(kind: Kind, purpose: Purpose, field: string): void {
  if (purposes[kind].includes(purpose)) return
  throw invalid(field, `has the purpose ${purpose}; a resource of kind ${kind} takes ${purposes[kind].join(', ')}`)
}

/**
 * Whose protocol a resource speaks: for kind `llm` one that the gateway knows, by default its credential's.
 * @throws KeywardError `invalid-request`
 */
export function providerFor(kind: Kind, asked: string | undefined, ofCredential: string): string | null {
  if (kind !== 'llm') return asked ?? null
  const provider = asked ?? ofCredential
  if (llmProviders.includes(provider)) return provider
  throw invalid('/provider', `must be ${llmProviders.join(' or ')}: whose protocol and prices the upstream follows`)
}

export function defaultInjection(provider: string | null): Injection {
  return provider === 'anthropic' ? { style: 'header', header: 'x-api-key' } : { style: 'bearer' }
}

/** Headers that are the protocol's or the gateway's own: a secret in one of them would be lost, or seen by others. */
const reservedHeaders =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|cookie|set-cookie|accept.*|user-agent|origin|referer|forwarded|x-forwarded-.*|keyward-.*|sec-.*|proxy-.*|via|expect)$/

/** @throws KeywardError `invalid-request` */
export function requireInjection(injection: Injection): void {
  if (injection.style === 'header' && reservedHeaders.test(injection.header)) {
    throw invalid('/injection/header', 'is a header of the protocol itself: name the one that the upstream reads its key from')
  }
}

/**
 * Judges an upstream by its text. Names are judged when they are dialled.
 * @returns `private` where only an admin may allow it: a literal private or loopback address, a name that means this machine, plain http
 * @throws KeywardError `invalid-request` for what is never reached, and for Keyward's own address
 */
export function judgeUpstream(upstream: string, isOwnOrigin: (origin: string) => boolean): 'public' | 'private' {
  const url = new URL(upstream)
  if (isOwnOrigin(url.origin)) throw invalid('/upstream', 'is Keyward itself: a call would run in a circle')
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return 'private'
  const isAddress = host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)
  // A name without TLS is one of a private network, or a mistake.
  if (!isAddress) return url.protocol === 'http:' ? 'private' : 'public'
  const reach = reachOf(host)
  if (reach === 'forbidden') throw invalid('/upstream', 'is an address that nothing is ever sent to (link-local, reserved or multicast)')
  if (reach === 'public' && url.protocol === 'http:') {
    throw invalid('/upstream', 'must be https: over plain http everybody on the way could read the secret')
  }
  return reach
}

/** @throws KeywardError `conflict` */
export function requireUsable(credential: { readonly name: string; readonly state: string }, field: string): void {
  if (credential.state === 'revoked') {
    throw new KeywardError('conflict', `The credential ${credential.name} is revoked`, {
      errors: [{ field, message: 'is revoked: name another' }],
    })
  }
}
