import type { Credential, CredentialCreate, CredentialQuery, CredentialUpdate } from '@keyward/contract/credentials'
import { KeywardError } from '@keyward/contract/errors'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { CredentialsTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { invalid, naming } from './conflicts.ts'
import { allowedOrigins, changedOrigins } from './credential-origins.ts'
import { credentialOf, type VersionRow, versionColumns } from './credential-rows.ts'
import { type SecretStore, storeVersion } from './credential-versions.ts'
import { requireEnvironment } from './environments.ts'
import { requireOwner } from './owners.ts'
import { ownedWithin } from './reach.ts'
import { matchesCredentials } from './search.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/*
 * Credentials: what Keyward knows of access material. The secret itself is in the vault (credential-versions.ts); nothing here ever reads
 * it back. A revoked credential keeps its row, its name becomes free, and nothing makes it active again.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

const versionsShownMax = 50
const nameTaken = {
  credentials_name: { field: '/name', message: 'is the name of another active credential in this environment: choose another' },
}

/** Each with its current version alone. @throws KeywardError `invalid-cursor` */
export async function listCredentials(db: Db, permit: Permit<'credential:read'>, query: CredentialQuery): Promise<Page<Credential>> {
  let rows = db.selectFrom('credentials').selectAll('credentials').where(ownedWithin(permit.reach, 'credentials'))
  for (const column of ['environment', 'owner', 'provider', 'purpose', 'kind', 'state'] as const) {
    const value = query[column]
    if (value !== undefined) rows = rows.where(`credentials.${column}`, '=', value)
  }
  if (query.q !== undefined) rows = rows.where(await matchesCredentials(db, query.q))
  const page = await pageOf(rows, 'credentials', query, (row) => row)
  const ids = page.items.map((row) => row.id)
  const versions =
    ids.length === 0
      ? []
      : await db
          .selectFrom('credential_versions')
          .select(versionColumns)
          .where('credential_id', 'in', ids)
          .where('state', '=', 'current')
          .execute()
  const current = Map.groupBy(versions, (version) => version.credential_id)
  return { items: page.items.map((row) => credentialOf(row, current.get(row.id) ?? [])), next_cursor: page.next_cursor }
}

/** @throws KeywardError `not-found` */
export async function showCredential(db: Db, permit: Permit<'credential:read'>, id: string): Promise<Credential> {
  const row = await db
    .selectFrom('credentials')
    .selectAll()
    .where('id', '=', id)
    .where(ownedWithin(permit.reach, 'credentials'))
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return credentialOf(row, await versionsOf(db, id))
}

/**
 * @throws KeywardError `invalid-request` (field named) for an owner or environment that is not there, `forbidden` outside the role's reach,
 *   `fresh-auth-required` for an origin that is not the provider's, `conflict` for a name or secret that is taken
 */
export async function createCredential(
  trx: Trx,
  permit: Permit<'credential:create'>,
  input: CredentialCreate,
  store: SecretStore,
): Promise<Credential> {
  await requireEnvironment(trx, input.environment)
  const team = await requireOwner(trx, permit, input.owner, '/owner')
  requireCovered(permit, team, input.environment)
  if (input.backup_owner !== undefined) await requireBackupOwner(trx, permit, input.owner, input.backup_owner)
  const id = newId('credential')
  const row = await naming(nameTaken, () =>
    trx
      .insertInto('credentials')
      .values({
        id,
        name: input.name,
        kind: input.kind,
        provider: input.provider,
        purpose: input.purpose,
        authority: input.authority,
        environment: input.environment,
        owner: input.owner,
        backup_owner: input.backup_owner ?? null,
        description: input.description ?? null,
        allowed_origins: allowedOrigins(permit, { team, environment: input.environment }, input.provider, input.allowed_origins),
        labels: JSON.stringify(input.labels ?? {}),
        expires_at: input.expires_at ?? null,
        created_by: permit.principal.user.id,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  if (input.secret !== undefined) await storeVersion(trx, permit, id, { secret: input.secret }, store)
  return credentialOf(row, await versionsOf(trx, id))
}

/** @throws KeywardError `not-found`, `precondition-failed`, `conflict`, `invalid-request`, `forbidden`, `fresh-auth-required` */
export async function updateCredential(
  trx: Trx,
  permit: Permit<'credential:update'>,
  id: string,
  input: CredentialUpdate,
  revision: Revision,
): Promise<Credential> {
  const before = await lockCredential(trx, permit, id)
  requireRevision(before.revision, revision)
  const owner = input.owner ?? before.owner
  const team = await teamOfOwner(trx, owner)
  if (input.owner !== undefined && input.owner !== before.owner) {
    requireCovered(permit, await requireOwner(trx, permit, input.owner, '/owner'), before.environment)
  }
  if (typeof input.backup_owner === 'string') await requireBackupOwner(trx, permit, owner, input.backup_owner)
  else if (input.owner !== undefined && input.backup_owner === undefined && before.backup_owner === input.owner) {
    throw invalid('/owner', 'is the backup owner: name another backup in the same request')
  }
  const { labels, allowed_origins, ...plain } = input
  const row = await naming(nameTaken, async () =>
    trx
      .updateTable('credentials')
      .set({
        ...plain,
        ...(labels === undefined ? {} : { labels: JSON.stringify(labels) }),
        ...(allowed_origins === undefined
          ? {}
          : { allowed_origins: await changedOrigins(trx, permit, { ...before, team }, allowed_origins) }),
        updated_at: sql<Date>`now()`,
        revision: before.revision + 1,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return credentialOf(row, await versionsOf(trx, id))
}

/**
 * Stores a further secret value. It becomes current; the one before stays as `previous` until somebody ends it.
 * @throws KeywardError `not-found`, `already-revoked`, `conflict` for a secret that is known already
 */
export async function addVersion(
  trx: Trx,
  permit: Permit<'credential:add_version'>,
  id: string,
  input: { readonly secret: string; readonly provider_key_id?: string | undefined },
  store: SecretStore,
): Promise<Credential> {
  const before = await lockCredential(trx, permit, id)
  if (before.state === 'revoked')
    throw new KeywardError('already-revoked', 'The credential is revoked: take the new secret in as a new credential')
  await storeVersion(trx, permit, id, input, store)
  const row = await trx
    .updateTable('credentials')
    .set({ updated_at: sql<Date>`now()`, revision: before.revision + 1 })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return credentialOf(row, await versionsOf(trx, id))
}

/** @throws KeywardError `not-found`, `precondition-failed`, `in-use` */
export async function deleteCredential(trx: Trx, permit: Permit<'credential:delete'>, id: string, revision: Revision): Promise<void> {
  const before = await lockCredential(trx, permit, id)
  requireRevision(before.revision, revision)
  const { rows } = await sql<Use>`
    select distinct 'resource' as kind, r.id, r.name from resource_credentials c join resources r on r.id = c.resource_id
    where c.credential_id = ${id} limit ${usesShownMax}`.execute(trx)
  requireUnused('The credential', rows)
  await trx.deleteFrom('credentials').where('id', '=', id).execute()
}

async function lockCredential(trx: Trx, permit: Permit, id: string): Promise<Selectable<CredentialsTable>> {
  const row = await trx
    .selectFrom('credentials')
    .selectAll()
    .where('id', '=', id)
    .where(ownedWithin(permit.reach, 'credentials'))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}

/** What a role over one team or environment makes has to lie in it. */
export function requireCovered(permit: Permit, team: string | null, environment: string): void {
  if (!permit.covers({ team, environment })) {
    throw new KeywardError('forbidden', `Your role does not reach ${environment} for that owner: \`GET /api/v1/me\` shows what it reaches`)
  }
}

export async function requireBackupOwner(trx: Trx, permit: Permit, owner: string, backup: string): Promise<void> {
  if (backup === owner) throw invalid('/backup_owner', 'must be somebody else than the owner')
  await requireOwner(trx, permit, backup, '/backup_owner')
}

/** The team that answers for what this owner has. */
export async function teamOfOwner(trx: Trx, owner: string): Promise<string | null> {
  const row = await trx.selectFrom('owners').select(['id', 'kind', 'team']).where('id', '=', owner).executeTakeFirst()
  return row === undefined ? null : row.kind === 'team' ? row.id : row.team
}

async function versionsOf(db: Db, id: string): Promise<VersionRow[]> {
  return await db
    .selectFrom('credential_versions')
    .select(versionColumns)
    .where('credential_id', '=', id)
    .orderBy('number', 'desc')
    .limit(versionsShownMax)
    .execute()
}
