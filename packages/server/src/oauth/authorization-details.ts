import { GrantScope } from '@keyward/contract/grants'
import { OAuthError } from './oauth-error.ts'
import { hasRepeatedMember } from './strict-jws.ts'

/**
 * Rich authorization requests (RFC 9396) are the form in which a client asks for less than its grant:
 *
 *   [{"type": "llm", "locations": ["ISSUER/g/openai"], "identifier": "grt_…", "models": ["gpt-4.1"], "operations": ["chat"]}]
 *
 * `type` is the resource's kind; `locations` and `identifier` choose the grant; the other members are a scope as grants have it (contract/grants).
 * A token is for one grant, so there is one object.
 */
export interface AskedDetail {
  readonly type: string
  readonly location: string | undefined
  readonly grant: string | undefined
  readonly scope: GrantScope | undefined
}

export interface GrantedDetail {
  readonly type: string
  readonly locations: readonly [string]
  readonly identifier: string
}

const textBytesMax = 32_768
/** Kinds whose scope can be written so; the gateway enforces it. */
export const detailTypes = ['llm', 'http'] as const

/** @throws OAuthError `invalid_authorization_details` (RFC 9396, section 5) for an unknown type, field or form */
export function readAuthorizationDetails(text: string): AskedDetail {
  const refused = (why: string) => new OAuthError('invalid_authorization_details', why)
  if (text.length > textBytesMax) throw refused('authorization_details is larger than 32 KiB')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('authorization_details is not JSON')
  }
  if (hasRepeatedMember(text)) throw refused('authorization_details repeats a member name')
  if (!Array.isArray(value) || value.length !== 1)
    throw refused('authorization_details must be a list of one object: a token is for one grant')
  const only: unknown = value[0]
  if (typeof only !== 'object' || only === null || Array.isArray(only)) throw refused('authorization_details must hold an object')
  const { type, locations, identifier, ...rest } = only as Record<string, unknown>
  if (typeof type !== 'string' || !detailTypes.some((one) => one === type)) throw refused(`type must be one of ${detailTypes.join(', ')}`)
  if (locations !== undefined && !(Array.isArray(locations) && locations.length === 1 && typeof locations[0] === 'string'))
    throw refused('locations must be a list of one address')
  if (identifier !== undefined && !(typeof identifier === 'string' && /^[a-z_0-9]{1,64}$/.test(identifier)))
    throw refused('identifier must be the id of a grant')
  const scope = Object.keys(rest).length === 0 ? undefined : GrantScope.safeParse(rest)
  if (scope?.success === false) throw refused(`the members beside type, locations and identifier must be a scope such as {"models": [...]}`)
  if (scope !== undefined && 'models' in scope.data !== (type === 'llm')) throw refused(`a scope of that form is not for the type ${type}`)
  return { type, location: (locations as [string] | undefined)?.[0], grant: identifier, scope: scope?.data }
}

/** The details as they were granted, for the token's answer and for introspection (RFC 9396, sections 7 and 9.2). */
export function grantedDetails(minted: { resourceKind: string; resource: string; grant: string; granted: GrantScope }): GrantedDetail[] {
  return [{ type: minted.resourceKind, locations: [minted.resource], identifier: minted.grant, ...minted.granted }]
}
