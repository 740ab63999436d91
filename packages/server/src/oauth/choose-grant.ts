import type { GrantScope } from '@keyward/contract/grants'
import { type AskedDetail, readAuthorizationDetails } from './authorization-details.ts'
import type { Form } from './form.ts'
import type { Minter } from './mint.ts'
import type { MintFacts } from './mint-facts.ts'
import { OAuthError } from './oauth-error.ts'

export interface ChosenGrant {
  readonly facts: MintFacts
  /** Narrower than the grant's, where the request asked for that. */
  readonly scope: GrantScope | undefined
  /** The request spoke by authorization_details, so the answer does. */
  readonly echo: boolean
}

export interface GrantWish {
  readonly grant: string | undefined
  /** Name of the resource. */
  readonly resource: string | undefined
  readonly detail: AskedDetail | undefined
}

/**
 * What a token request asks for. One token is for one grant, which is named by `scope=grant:ID`, or by `resource` or `audience` (RFC 8707,
 * RFC 8693: the address of the resource), or by `authorization_details`, or not at all.
 * @throws OAuthError `invalid_scope`, `invalid_target`, `invalid_authorization_details`
 */
export function wishOf(issuer: string, form: Form): GrantWish {
  const detail = form.one('authorization_details')
  const asked = detail === undefined ? undefined : readAuthorizationDetails(detail)
  const scopes = (form.one('scope')?.split(' ').filter(Boolean) ?? []).filter((scope) => scope !== 'offline_access')
  const named = scopes.flatMap((scope) => (scope.startsWith('grant:') ? [scope.slice('grant:'.length)] : []))
  if (named.length !== scopes.length || named.length > 1) throw new OAuthError('invalid_scope', 'the scope is one grant: scope=grant:ID')
  const grant = agreed([...named, ...(asked?.grant === undefined ? [] : [asked.grant])], () => {
    throw new OAuthError('invalid_scope', 'scope and authorization_details name different grants')
  })
  const targets = [
    ...form.all('resource'),
    ...form.all('audience').filter((one) => one !== issuer),
    ...(asked?.location === undefined ? [] : [asked.location]),
  ]
  const resource = agreed(
    targets.map((target) => resourceName(issuer, target)),
    () => {
      throw new OAuthError('invalid_target', 'a token is for one resource: ask for each on its own')
    },
  )
  return { grant, resource, detail: asked }
}

/**
 * The one active grant of a workload that fits.
 * @param held the grants that its identity is held to; null: all
 * @throws OAuthError as `wishOf`; `invalid_target` where none or several fit
 */
export async function chooseGrant(
  deps: { readonly minter: Pick<Minter, 'grantsOf'>; readonly issuer: string },
  client: { readonly workload: string; readonly grants: readonly string[] | null },
  form: Form,
): Promise<ChosenGrant> {
  const wish = wishOf(deps.issuer, form)
  const { grant, resource } = wish
  const rows = await deps.minter.grantsOf({ workload: client.workload, grant, resource, held: client.grants })
  const [only, another] = rows
  if (only === undefined) {
    if (wish.grant !== undefined) throw new OAuthError('invalid_scope', 'this workload has no such active grant')
    throw new OAuthError(
      'invalid_target',
      wish.resource === undefined ? 'this workload has no active grant' : 'this workload has no active grant for that resource',
    )
  }
  if (another !== undefined) throw new OAuthError('invalid_target', 'this workload has several grants there: name one with scope=grant:ID')
  if (wish.detail !== undefined && wish.detail.type !== only.resourceKind)
    throw new OAuthError('invalid_authorization_details', `the resource is of type ${only.resourceKind}`)
  return { facts: only, scope: wish.detail?.scope, echo: wish.detail !== undefined }
}

/** A fragment (RFC 8707 section 2), and what makes one address name another resource for whoever resolves it. */
const misleading = /[#\\]|\/(?:\.|%2e){1,2}(?:[/?]|$)/i

/** The name in the address of a resource, with or without what follows it. @throws OAuthError `invalid_target` */
export function resourceName(issuer: string, resource: string): string {
  const prefix = `${issuer}/g/`
  const [name = ''] = resource.startsWith(prefix) ? resource.slice(prefix.length).split(/[/?#]/, 1) : []
  if (misleading.test(resource) || !/^[a-z0-9-]{1,63}$/.test(name))
    throw new OAuthError('invalid_target', `the resource must be an address such as ${prefix}NAME`)
  return name
}

function agreed(values: readonly string[], otherwise: () => never): string | undefined {
  if (new Set(values).size > 1) otherwise()
  return values[0]
}
