import { limits } from '@keyward/contract/limits'
import { refusedRedirect } from '@keyward/contract/redirect-uri'
import { hasRepeatedMember } from '../strict-jws.ts'
import { ClientRefused, type ConnectingClient } from './connecting-client.ts'

const nameCharsMax = limits.nameCharsMax

/**
 * Reads a client ID metadata document (draft-ietf-oauth-client-id-metadata-document, section 4): it has to name the very address that it came
 * from, and can't hold a shared secret. Members that are not known are ignored.
 * @throws ClientRefused
 */
export function readMetadataDocument(address: string, text: string): ConnectingClient {
  const refused = (why: string) => new ClientRefused(`The document at ${address} does not count: ${why}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('it is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('it is no JSON object')
  if (hasRepeatedMember(text)) throw refused('it repeats a member name')
  const document = value as Record<string, unknown>
  if (document.client_id !== address) throw refused('its client_id is not the address that it came from')
  const name = shownName(document.client_name)
  if (name === undefined) throw refused('it lacks a client_name')
  const uris = document.redirect_uris
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > limits.redirectUrisMax)
    throw refused(`redirect_uris must hold 1 to ${limits.redirectUrisMax} addresses`)
  for (const uri of uris) {
    if (typeof uri !== 'string' || uri.length > limits.redirectUriCharsMax) throw refused('an address in redirect_uris is no text')
    const why = refusedRedirect(uri)
    if (why !== undefined) throw refused(`an address in redirect_uris ${why}`)
  }
  if ('client_secret' in document) throw refused('it holds a client_secret, which everybody can read there')
  const method = document.token_endpoint_auth_method
  if (method !== undefined && method !== 'none')
    throw refused('its token_endpoint_auth_method must be none: clients that are known by their address are public here')
  if (!listHolds(document.grant_types, 'authorization_code')) throw refused('its grant_types lack authorization_code')
  if (!listHolds(document.response_types, 'code')) throw refused('its response_types lack code')
  return { kind: 'document', id: address, name, host: new URL(address).host, redirectUris: uris as string[] }
}

function listHolds(list: unknown, value: string): boolean {
  return list === undefined || (Array.isArray(list) && list.includes(value))
}

/** What a client calls itself, without what would make it look like something else on a page: control, invisible and direction characters. */
export function shownName(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const name = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
  return name === '' ? undefined : [...name].slice(0, nameCharsMax).join('')
}
