import { limits } from '@keyward/contract/limits'
import * as oidc from 'openid-client'
import { identityProviderBind } from '../../vault/bind.ts'
import type { Sealed } from '../../vault/envelope.ts'
import type { People } from '../people.ts'
import type { ProviderRow } from './rows.ts'

/** The library's defaults are made for servers that answer at once; a person waits here, but not for long. */
const secondsMax = 10

type Reached = Pick<ProviderRow, 'issuer' | 'client_id' | 'allow_private'>

/**
 * Reads the provider's discovery document and makes the library's client for it. Nothing is kept between sign-ins, so a key that the
 * provider changed, and an endpoint that moved, count at once. Every request goes through egress: no redirect is followed, no private
 * address is dialled unless an admin allowed that, and every answer has its bound.
 * @throws what openid-client and egress throw; `whyNot` (failure.ts) puts it into words
 */
export async function discover(people: Pick<People, 'egress'>, provider: Reached, secret?: string): Promise<oidc.Configuration> {
  const insecure = provider.allow_private && provider.issuer.startsWith('http:')
  const customFetch = fetchThrough(people, provider.allow_private)
  const found = await oidc.discovery(new URL(provider.issuer), provider.client_id, undefined, oidc.None(), {
    [oidc.customFetch]: customFetch,
    timeout: secondsMax,
    ...(insecure ? { execute: [oidc.allowInsecureRequests] } : {}),
  })
  const metadata = found.serverMetadata()
  requireWeb(metadata.authorization_endpoint, insecure)
  const client = new oidc.Configuration(metadata, provider.client_id, undefined, authentication(metadata, secret))
  client[oidc.customFetch] = customFetch
  client.timeout = secondsMax
  if (insecure) oidc.allowInsecureRequests(client)
  // The signature of an id_token is checked even where it comes straight from the provider.
  oidc.enableNonRepudiationChecks(client)
  return client
}

/** The client secret, in clear, for as long as `use` takes; undefined for a public client. */
export async function withSecret<T>(
  people: Pick<People, 'vault'>,
  row: ProviderRow,
  use: (secret: string | undefined) => Promise<T>,
): Promise<T> {
  const sealed = sealedOf(row)
  if (sealed === undefined) return use(undefined)
  const secret = await people.vault.open(sealed, identityProviderBind(row.id))
  try {
    return await use(secret.reveal())
  } finally {
    secret.destroy()
  }
}

function sealedOf({ ciphertext, nonce, wrapped_key, encryption_key }: ProviderRow): Sealed | undefined {
  if (ciphertext === null || nonce === null || wrapped_key === null || encryption_key === null) return undefined
  return { ciphertext, nonce, wrappedKey: wrapped_key, encryptionKey: encryption_key }
}

/** `client_secret_basic` is what a provider has to take that names nothing (OIDC Discovery 1.0, section 3). */
function authentication(metadata: oidc.ServerMetadata, secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None()
  const methods = metadata.token_endpoint_auth_methods_supported
  return methods === undefined || methods.includes('client_secret_basic') ? oidc.ClientSecretBasic(secret) : oidc.ClientSecretPost(secret)
}

/** The browser goes there: an address that runs a script, or one without TLS, would come from a hostile provider. */
function requireWeb(endpoint: string | undefined, insecure: boolean): void {
  const url = URL.parse(endpoint ?? '')
  if (url === null || (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:'))) throw new UnusableProvider()
}

/** The discovery document names no usable address for people's browsers. */
export class UnusableProvider extends Error {
  readonly code = 'UNUSABLE_AUTHORIZATION_ENDPOINT'

  constructor() {
    super('the authorization_endpoint is missing, or no https address')
    this.name = 'UnusableProvider'
  }
}

function fetchThrough({ egress }: Pick<People, 'egress'>, allowPrivate: boolean): oidc.CustomFetch {
  return async (url, { method, headers, body }) => {
    const answer = await egress.request({
      url,
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      allowPrivate,
      bytesMax: limits.providerAnswerBytesMax,
      timeoutMs: secondsMax * 1_000,
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
    })
    const contentType = answer.headers['content-type']
    const empty = answer.status === 204 || answer.status === 304 || answer.body.length === 0
    return new Response(empty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }),
    })
  }
}

/** openid-client sends forms, and nothing else here. */
function textOf(body: oidc.FetchBody): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('an identity provider is sent forms alone')
}
