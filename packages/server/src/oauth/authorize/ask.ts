import { limits } from '@keyward/contract/limits'
import { isSameRedirect, redirectKind } from '@keyward/contract/redirect-uri'
import { type GrantWish, wishOf } from '../choose-grant.ts'
import type { Clients } from '../clients/clients.ts'
import { ClientRefused, type ConnectingClient } from '../clients/connecting-client.ts'
import { parseForm } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { type AnswerTo, AskRefused, type AuthorizationErrorCode, NotTrusted } from './refusals.ts'

/** An authorization request that was found right. */
export interface Ask {
  readonly client: ConnectingClient
  readonly to: AnswerTo
  /** S256 (RFC 7636 section 4.2): base64url of 32 bytes. */
  readonly codeChallenge: string
  /** Thumbprint of the key that the token request has to prove (RFC 9449 section 10). */
  readonly boundTo: string | undefined
  /** What is asked for; undefined for a login of the command line. */
  readonly wish: GrantWish | undefined
}

interface Deps {
  readonly clients: Pick<Clients, 'find'>
  readonly issuer: string
}

/** Both are SHA-256 in base64url. */
const digestPattern = /^[A-Za-z0-9_-]{43}$/
const redirectable: Readonly<Partial<Record<string, AuthorizationErrorCode>>> = {
  invalid_request: 'invalid_request',
  invalid_scope: 'invalid_scope',
  invalid_target: 'invalid_target',
  invalid_authorization_details: 'invalid_authorization_details',
}

/**
 * Reads an authorization request (OAuth 2.1 section 4.1.1). Client and redirect address come first: until both are proven, nothing is answered
 * to anybody but the person.
 * @throws NotTrusted, AskRefused
 */
export async function readAsk(deps: Deps, query: URLSearchParams): Promise<Ask> {
  if (query.toString().length > limits.authorizationRequestCharsMax) throw new NotTrusted('The request is longer than 8 KiB')
  const clientId = only(query, 'client_id')
  const redirectUri = only(query, 'redirect_uri')
  if (clientId === undefined) throw new NotTrusted('The request lacks its client_id, or has it twice')
  if (redirectUri === undefined) throw new NotTrusted('The request lacks its redirect_uri, or has it twice')
  const client = await deps.clients.find(clientId).catch((error: unknown) => {
    if (error instanceof ClientRefused) throw new NotTrusted(error.message, error)
    throw error
  })
  if (!client.redirectUris.some((registered) => isSameRedirect(registered, redirectUri)))
    throw new NotTrusted(`The address that the answer should go to is not one of ${client.name}'s`)

  const vouched = client.kind !== 'document' || redirectKind(redirectUri) === 'loopback'
  const to: AnswerTo = { redirectUri, state: only(query, 'state'), vouched }
  const refused = (code: AuthorizationErrorCode, why: string) => new AskRefused(code, why, to)
  try {
    const form = parseForm(query)
    if (form.one('request') !== undefined) throw refused('request_not_supported', 'send the parameters themselves, not a request object')
    if (form.one('request_uri') !== undefined) throw refused('request_uri_not_supported', 'send the parameters themselves')
    const type = form.needed('response_type')
    if (type !== 'code') throw refused('unsupported_response_type', 'response_type must be code')
    const mode = form.one('response_mode')
    if (mode !== undefined && mode !== 'query') throw refused('invalid_request', 'response_mode must be query')
    const challenge = form.needed('code_challenge')
    if (form.one('code_challenge_method') !== 'S256') throw refused('invalid_request', 'code_challenge_method must be S256')
    if (!digestPattern.test(challenge)) throw refused('invalid_request', 'code_challenge must be a SHA-256 in base64url')
    const boundTo = form.one('dpop_jkt')
    if (boundTo !== undefined && !digestPattern.test(boundTo)) throw refused('invalid_request', 'dpop_jkt must be a SHA-256 in base64url')
    // A person decides each time, so a request that forbids asking them can't be granted.
    if (form.one('prompt')?.split(' ').includes('none')) throw refused('interaction_required', 'a person has to say yes')
    if (client.kind === 'command_line') return { client, to, codeChallenge: challenge, boundTo, wish: undefined }
    const wish = wishOf(deps.issuer, form)
    if (wish.resource === undefined && wish.grant === undefined)
      throw refused('invalid_target', `name the resource: resource=${deps.issuer}/g/NAME (RFC 8707)`)
    return { client, to, codeChallenge: challenge, boundTo, wish }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    throw refused(redirectable[error.code] ?? 'invalid_request', error.message)
  }
}

/** A parameter that is there exactly once, and not empty. */
function only(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}
