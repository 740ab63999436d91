import { createHash, randomBytes } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import { formatSecret } from '@keyward/contract/secret-format'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { hintOf } from '../vault/hint.ts'
import { Secret } from '../vault/secret.ts'
import { insertCertificateRule } from './certificate-rules.ts'
import { invalid, naming } from './conflicts.ts'
import { identityColumns, identityOf } from './identity-row.ts'
import { checkPublicKey } from './public-key.ts'
import { insertTokenRule } from './token-rules.ts'

/* Identities: the ways in which a workload proves who it is. Of a client secret only its SHA-256 stays; its 256 random bits need no salt. */

type Trx = Transaction<Tables>
/** Each is tried at a sign-in; more than this is a workload that should be several. */
const liveIdentitiesMax = 50
/** Ended ones stay visible for a while; a workload that renews its key daily must not grow its page without end. */
const identitiesShownMax = 100

/**
 * @param field JSON pointer of the identity in the body, empty where it is the body
 * @returns the identity; a client secret is in it this one time
 * @throws KeywardError `invalid-request`, `conflict` for a key that is in use or too many identities
 */
export async function insertIdentity(trx: Trx, workloadId: string, input: IdentityCreate, field: string): Promise<Identity> {
  const { count } = await trx
    .selectFrom('workload_identities')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('workload_id', '=', workloadId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count >= BigInt(liveIdentitiesMax))
    throw new KeywardError('conflict', `The workload has ${liveIdentitiesMax} identities: revoke some first`)
  if (input.grants !== undefined) await requireOwnGrants(trx, workloadId, input.grants, `${field}/grants`)
  switch (input.method) {
    case 'private_key_jwt':
      return insertKey(trx, workloadId, input, field)
    case 'client_secret_basic':
      return insertSecret(trx, workloadId, input, field)
    case 'oidc':
    case 'spiffe_jwt':
      return insertTokenRule(trx, workloadId, input, field)
    default:
      return insertCertificateRule(trx, workloadId, input, field)
  }
}

async function insertKey(
  trx: Trx,
  workloadId: string,
  input: Extract<IdentityCreate, { method: 'private_key_jwt' }>,
  field: string,
): Promise<Identity> {
  const { jwk, thumbprint } = await checkPublicKey(input.jwk, `${field}/jwk`)
  const taken = {
    workload_identities_thumbprint: { field: `${field}/jwk`, message: 'is the key of a workload already: make a new key pair' },
  }
  const row = await naming(taken, () =>
    trx
      .insertInto('workload_identities')
      .values({
        id: newId('identity'),
        workload_id: workloadId,
        method: input.method,
        name: input.name ?? null,
        public_jwk: JSON.stringify(jwk),
        thumbprint,
        params: JSON.stringify({ grants: input.grants }),
      })
      .returning(identityColumns)
      .executeTakeFirstOrThrow(),
  )
  return identityOf(row)
}

async function insertSecret(
  trx: Trx,
  workloadId: string,
  input: Extract<IdentityCreate, { method: 'client_secret_basic' }>,
  field: string,
): Promise<Identity> {
  if (input.expires_at !== undefined && Date.parse(input.expires_at) <= Date.now())
    throw invalid(`${field}/expires_at`, 'must lie in the future')
  const clientSecret = formatSecret('clientSecret', randomBytes(32))
  const row = await trx
    .insertInto('workload_identities')
    .values({
      id: newId('identity'),
      workload_id: workloadId,
      method: input.method,
      name: input.name ?? null,
      secret_hash: createHash('sha256').update(clientSecret).digest(),
      hint: hintOf(Secret.of(clientSecret)),
      expires_at: input.expires_at ?? null,
      params: JSON.stringify({ grants: input.grants }),
    })
    .returning(identityColumns)
    .executeTakeFirstOrThrow()
  return { ...identityOf(row), client_secret: clientSecret }
}

/** Of one or several workloads, newest first: all that live, and some that have ended. */
export async function identitiesOf(db: Kysely<Tables>, workloadIds: readonly string[]): Promise<Map<string, Identity[]>> {
  if (workloadIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('workload_identities')
    .select(identityColumns)
    .where('workload_id', 'in', workloadIds)
    .orderBy(sql`revoked_at is null`, 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(identitiesShownMax * workloadIds.length)
    .execute()
  const grouped = Map.groupBy(rows, (row) => row.workload_id)
  return new Map([...grouped].map(([id, own]) => [id, own.slice(0, identitiesShownMax).map(identityOf)]))
}

async function requireOwnGrants(trx: Trx, workloadId: string, grants: readonly string[], field: string): Promise<void> {
  if (grants.length === 0) throw invalid(field, 'must name at least one grant; leave it out for all grants of the workload')
  const rows = await trx.selectFrom('grants').select('id').where('workload_id', '=', workloadId).where('id', 'in', grants).execute()
  const own = new Set(rows.map((row) => row.id))
  const stranger = grants.findIndex((grant) => !own.has(grant))
  if (stranger !== -1) throw invalid(`${field}/${stranger}`, 'is not a grant of this workload: create the grant first')
}
