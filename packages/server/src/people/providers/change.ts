import { KeywardError } from '@keyward/contract/errors'
import type { GroupMapping, IdentityProvider, IdentityProviderCreate, IdentityProviderUpdate } from '@keyward/contract/identity-providers'
import { type Selectable, sql } from 'kysely'
import type { IdentityProvidersTable } from '../../db/tables.ts'
import { invalid, naming } from '../../inventory/conflicts.ts'
import { newId } from '../../observe/ids.ts'
import { type Revision, requireRevision } from '../../policy/revision.ts'
import { identityProviderBind } from '../../vault/bind.ts'
import { Secret } from '../../vault/secret.ts'
import { lockAdmins } from '../built-in-admin.ts'
import { checkRoles } from '../change-users.ts'
import type { People, Trx } from '../people.ts'
import type { Permit } from '../permit.ts'
import { endSessionsOfProvider } from '../sessions.ts'
import { discover } from './client.ts'
import { whyNot } from './failure.ts'
import { withdrawGroupRoles } from './group-roles.ts'
import { mappingsOf, type ProviderRow, showProviderById } from './rows.ts'

const taken = {
  identity_providers_name: { field: '/name', message: 'is the name of another identity provider' },
  identity_providers_issuer: { field: '/client_id', message: 'is configured for this issuer already' },
}

/**
 * Reads the discovery document, so that a wrong address is told to the admin who typed it and not to the first person who signs in.
 * Not part of the transaction: it leaves the process.
 * @throws KeywardError `invalid-request`
 */
export async function checkProvider(
  people: Pick<People, 'egress'>,
  input: Pick<ProviderRow, 'issuer' | 'client_id' | 'allow_private'>,
): Promise<void> {
  if (input.issuer.startsWith('http:') && !input.allow_private)
    throw invalid('/issuer', 'must begin with https: (without TLS only where a private address is allowed)')
  const { search, hash, username, password } = new URL(input.issuer)
  if (search !== '' || hash !== '' || username !== '' || password !== '')
    throw invalid('/issuer', 'must be an address without query, fragment, user name and password')
  try {
    await discover(people, input)
  } catch (error) {
    throw invalid('/issuer', `no provider could be read there: ${whyNot(error).text}`)
  }
}

/** @throws KeywardError `conflict`, `invalid-request`, `forbidden` */
export async function createProvider(
  people: People,
  trx: Trx,
  permit: Permit<'identity_provider:create'>,
  input: IdentityProviderCreate,
): Promise<IdentityProvider> {
  permit.requireAll()
  await checkRoles(trx, input.mappings, '/mappings')
  const id = newId('identityProvider')
  const sealed = await sealedColumns(people, trx, id, input.client_secret ?? null)
  await naming(taken, () =>
    trx
      .insertInto('identity_providers')
      .values({
        id,
        name: input.name,
        issuer: input.issuer,
        client_id: input.client_id,
        ...sealed,
        scopes: input.scopes,
        groups_claim: input.groups_claim,
        mappings: JSON.stringify(input.mappings),
        create_users: input.create_users,
        allow_private: input.allow_private,
        created_by: permit.principal.user.id,
      })
      .execute(),
  )
  return showProviderById(people, trx, id)
}

/**
 * Changes what is given. Disabling ends the sessions that the provider began and takes back the roles that its groups gave; they come back
 * with the next sign-in after it was enabled. A mapping that goes takes its roles with it at once.
 * @returns the provider, and the people who lost a role: what is held by their leave is the caller's to end
 * @throws KeywardError `not-found`, `precondition-failed`, `conflict`, `invalid-request`, `forbidden`
 */
export async function updateProvider(
  people: People,
  trx: Trx,
  permit: Permit<'identity_provider:update'>,
  id: string,
  input: IdentityProviderUpdate,
  revision: Revision,
): Promise<{ readonly provider: IdentityProvider; readonly withdrawn: readonly string[] }> {
  const before = await lockProvider(trx, permit, id, revision)
  if (input.allow_private === false && before.issuer.startsWith('http:'))
    throw invalid('/allow_private', 'is needed by an issuer without TLS: add the provider anew with its https address')
  if (input.mappings !== undefined) await checkRoles(trx, input.mappings, '/mappings')
  const { client_secret, mappings, ...plain } = input
  const sealed = client_secret === undefined ? {} : await sealedColumns(people, trx, id, client_secret)
  await naming(taken, () =>
    trx
      .updateTable('identity_providers')
      .set({
        ...plain,
        ...sealed,
        ...(mappings === undefined ? {} : { mappings: JSON.stringify(mappings) }),
        updated_at: sql<Date>`now()`,
        revision: before.revision + 1,
      })
      .where('id', '=', id)
      .execute(),
  )
  let withdrawn: readonly string[] = []
  if (input.state === 'disabled') {
    await endSessionsOfProvider(trx, id)
    withdrawn = await withdrawGroupRoles(trx, id, [])
  } else if (mappings !== undefined || input.groups_claim !== undefined) {
    // The roles that people hold were found by what was configured before: they are found anew when they sign in.
    if (changed(before, input)) await endSessionsOfProvider(trx, id)
    withdrawn = await withdrawGroupRoles(trx, id, mappings ?? mappingsOf(before))
  }
  return { provider: await showProviderById(people, trx, id), withdrawn }
}

/**
 * Deletes a provider with the links to its users, the roles that its groups gave and the sessions that it began. The users stay.
 * @returns the people who lost a role
 * @throws KeywardError `not-found`, `precondition-failed`, `conflict`, `forbidden`
 */
export async function deleteProvider(
  trx: Trx,
  permit: Permit<'identity_provider:delete'>,
  id: string,
  revision: Revision,
): Promise<readonly string[]> {
  await lockProvider(trx, permit, id, revision)
  await endSessionsOfProvider(trx, id)
  const withdrawn = await withdrawGroupRoles(trx, id, [])
  await trx.deleteFrom('identity_providers').where('id', '=', id).execute()
  return withdrawn
}

async function lockProvider(
  trx: Trx,
  permit: Permit<'identity_provider:update'> | Permit<'identity_provider:delete'>,
  id: string,
  revision: Revision,
): Promise<ProviderRow> {
  permit.requireAll()
  await lockAdmins(trx)
  const row = await trx.selectFrom('identity_providers').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  requireRevision(row.revision, revision)
  return row
}

function changed(before: ProviderRow, input: { mappings?: GroupMapping[] | undefined; groups_claim?: string | undefined }): boolean {
  const mappings = input.mappings !== undefined && JSON.stringify(input.mappings) !== JSON.stringify(mappingsOf(before))
  return mappings || (input.groups_claim !== undefined && input.groups_claim !== before.groups_claim)
}

type SealedColumns = Pick<Selectable<IdentityProvidersTable>, 'ciphertext' | 'nonce' | 'wrapped_key' | 'encryption_key'>

async function sealedColumns(people: People, trx: Trx, id: string, text: string | null): Promise<SealedColumns> {
  if (text === null) return { ciphertext: null, nonce: null, wrapped_key: null, encryption_key: null }
  const secret = Secret.of(text)
  try {
    const { ciphertext, nonce, wrappedKey, encryptionKey } = await people.vault.seal(secret, identityProviderBind(id), trx)
    return { ciphertext, nonce, wrapped_key: wrappedKey, encryption_key: encryptionKey }
  } finally {
    secret.destroy()
  }
}
