import type { IncomingMessage } from 'node:http'
import { limits } from '@keyward/contract/limits'
import { staysHere } from './headers.ts'
import { Refusal } from './refusal.ts'

/** The token as it was presented: in any of the places where clients put an API key. */
export interface Presented {
  readonly token: string
  readonly scheme: 'bearer' | 'dpop' | 'key'
  /** The one DPoP header, or undefined. */
  readonly proof: string | undefined
}

const tokenCharacters = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Finds the token: `Authorization: Bearer`, `DPoP` or `Basic` (the password), `x-api-key`, `api-key`. The same token in several places is
 * fine (some SDKs do that); different ones are refused, for nobody can say which was meant. Throws token_missing, token_invalid
 * or token_ambiguous (RFC 6750 section 3.1: more than one method is an invalid request).
 */
export function presentedToken(request: IncomingMessage): Presented {
  const headers = request.headers
  let token: string | undefined
  let scheme: Presented['scheme'] = 'key'
  const authorization = headers.authorization
  if (authorization !== undefined) {
    if (occurrences(request, 'authorization') > 1) throw new Refusal('token_ambiguous', 'There is more than one Authorization header.')
    const space = authorization.indexOf(' ')
    const name = authorization.slice(0, space === -1 ? authorization.length : space).toLowerCase()
    const rest = space === -1 ? '' : authorization.slice(space + 1).trim()
    if (name === 'bearer' || name === 'dpop') {
      scheme = name
      token = rest
    } else if (name === 'basic') {
      const pair = Buffer.from(rest, 'base64').toString('utf8')
      const colon = pair.indexOf(':')
      token = colon === -1 ? undefined : pair.slice(colon + 1)
    } else throw new Refusal('token_invalid', 'Authorization must be Bearer, DPoP or Basic.')
    if (token === '') token = undefined
  }
  for (const header of ['x-api-key', 'api-key'] as const) {
    const value = headers[header]
    if (value === undefined || value === '') continue
    if (typeof value !== 'string' || (token !== undefined && token !== value))
      throw new Refusal('token_ambiguous', 'Different tokens were sent.')
    token = value
  }
  if (token === undefined) throw new Refusal('token_missing')
  if (token.length > limits.tokenBytesMax || !tokenCharacters.test(token)) throw new Refusal('token_invalid')
  requireNowhereElse(request, token)
  const proofs = occurrences(request, 'dpop')
  if (proofs > 1) throw new Refusal('proof_invalid', 'There is more than one DPoP header.')
  const proof = headers.dpop
  return { token, scheme, proof: typeof proof === 'string' ? proof : undefined }
}

/** A token that also stands where it would go upstream (a query, a header of the caller's own) is refused: it never leaves. */
function requireNowhereElse(request: IncomingMessage, token: string): void {
  if (request.url?.includes(token)) throw new Refusal('token_ambiguous', 'It is in the address, too, which goes to the upstream.')
  const raw = request.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (value.length >= token.length && value.includes(token) && !staysHere(name))
      throw new Refusal('token_ambiguous', `It is in the header ${name.slice(0, 60)}, too, which goes to the upstream.`)
  }
}

function occurrences(request: IncomingMessage, name: string): number {
  if (request.headers[name] === undefined) return 0
  let count = 0
  for (let i = 0; i < request.rawHeaders.length; i += 2) if (request.rawHeaders[i]?.toLowerCase() === name) count += 1
  return count
}
