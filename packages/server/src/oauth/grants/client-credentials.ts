import type { Database } from '../../db/database.ts'
import type { AuthenticatedClient } from '../client.ts'
import type { Form } from '../form.ts'
import { type MintedAccessToken, type Minter, MintRefused, type MintRequest } from '../mint.ts'
import { OAuthError } from '../oauth-error.ts'

interface Deps {
  readonly db: Database
  readonly minter: Minter
  readonly issuer: string
}

/**
 * RFC 6749 section 4.4. One token is for one grant, which the request names by `scope=grant:ID`, or by `resource` (RFC 8707: the address
 * of the resource) where the workload has just one grant there, or not at all where it has just one grant.
 */
export async function clientCredentials(
  deps: Deps,
  client: AuthenticatedClient,
  form: Form,
  context: Pick<MintRequest, 'boundTo' | 'correlationId' | 'personal'>,
): Promise<MintedAccessToken> {
  const grant = await chooseGrant(deps, client, form)
  try {
    return await deps.minter.mint({ ...context, grant, workload: client.workload, identity: client.identity, method: client.method })
  } catch (error) {
    if (!(error instanceof MintRefused)) throw error
    switch (error.code) {
      case 'unknown_grant':
        throw new OAuthError('invalid_scope', error.message)
      case 'binding_required':
        throw new OAuthError('invalid_dpop_proof', error.message)
      default:
        throw new OAuthError('unauthorized_client', error.message)
    }
  }
}

async function chooseGrant(deps: Deps, client: AuthenticatedClient, form: Form): Promise<string> {
  const scopes = form.one('scope')?.split(' ').filter(Boolean) ?? []
  const named = scopes.flatMap((scope) => (scope.startsWith('grant:') ? [scope.slice('grant:'.length)] : []))
  if (named.length !== scopes.length || named.length > 1) throw new OAuthError('invalid_scope', 'the scope is one grant: scope=grant:ID')
  const resources = form.all('resource')
  if (resources.length > 1) throw new OAuthError('invalid_target', 'a token is for one resource: ask for each on its own')
  const name = resources[0] === undefined ? undefined : resourceName(deps.issuer, resources[0])
  const rows = await deps.db
    .selectFrom('grants')
    .innerJoin('resources', 'resources.id', 'grants.resource_id')
    .select(['grants.id', 'resources.name'])
    .where('workload_id', '=', client.workload)
    .where('grants.state', '=', 'active')
    .$if(named[0] !== undefined, (query) => query.where('grants.id', '=', named[0] ?? ''))
    .$if(name !== undefined, (query) => query.where('resources.name', '=', name ?? ''))
    .limit(2)
    .execute()
  const [only, another] = rows
  if (only === undefined) {
    if (named[0] !== undefined) throw new OAuthError('invalid_scope', 'this workload has no such active grant')
    throw new OAuthError(
      'invalid_target',
      name === undefined ? 'this workload has no active grant' : 'this workload has no active grant for that resource',
    )
  }
  if (another !== undefined) throw new OAuthError('invalid_target', 'this workload has several grants there: name one with scope=grant:ID')
  return only.id
}

function resourceName(issuer: string, resource: string): string {
  const prefix = `${issuer}/g/`
  const name = resource.startsWith(prefix) ? resource.slice(prefix.length).replace(/\/$/, '') : ''
  if (!/^[a-z0-9-]{1,63}$/.test(name)) throw new OAuthError('invalid_target', `the resource must be an address such as ${prefix}NAME`)
  return name
}
