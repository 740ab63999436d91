import { createHash, randomBytes } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { formatSecret } from '@keyward/contract/secret-format'
import { type Identity, type IdentityCreate, identityMethods } from '@keyward/contract/workloads'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Tables, WorkloadIdentitiesTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { hintOf } from '../vault/hint.ts'
import { Secret } from '../vault/secret.ts'
import { invalid, naming } from './conflicts.ts'
import { checkPublicKey } from './public-key.ts'
import { shown, shownOrNull } from './times.ts'

/* Identities: the ways in which a workload proves who it is. Of a client secret only its SHA-256 stays; its 256 random bits need no salt. */

type Trx = Transaction<Tables>
export type IdentityRow = Pick<Selectable<WorkloadIdentitiesTable>, (typeof identityColumns)[number]>

export const identityColumns = [
  'id',
  'workload_id',
  'method',
  'name',
  'thumbprint',
  'hint',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const satisfies readonly (keyof WorkloadIdentitiesTable)[]

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
  return input.method === 'private_key_jwt' ? insertKey(trx, workloadId, input, field) : insertSecret(trx, workloadId, input, field)
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

export function identityOf(row: IdentityRow): Identity {
  return {
    id: row.id,
    method: methodOf(row.method),
    name: row.name,
    thumbprint: row.thumbprint,
    hint: row.hint,
    created_at: shown(row.created_at),
    expires_at: shownOrNull(row.expires_at),
    last_used_at: shownOrNull(row.last_used_at),
    revoked_at: shownOrNull(row.revoked_at),
  }
}

function methodOf(text: string): Identity['method'] {
  const method = identityMethods.find((one) => one === text)
  if (method === undefined) throw new Error(`an identity has the method ${text}, which this version does not know`)
  return method
}
