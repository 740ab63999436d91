import { createHash, randomBytes } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import { formatSecret } from '@keyward/contract/secret-format'
import { identityMethods } from '@keyward/contract/words'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Tables, WorkloadIdentitiesTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { hintOf } from '../vault/hint.ts'
import { Secret } from '../vault/secret.ts'
import { insertCertificateRule } from './certificate-rules.ts'
import { invalid, naming } from './conflicts.ts'
import { checkPublicKey } from './public-key.ts'
import { shown, shownOrNull } from './times.ts'
import { insertTokenRule } from './token-rules.ts'

/* Identities: the ways in which a workload proves who it is. Of a client secret only its SHA-256 stays; its 256 random bits need no salt. */

type Trx = Transaction<Tables>
export type IdentityRow = Pick<Selectable<WorkloadIdentitiesTable>, (typeof identityColumns)[number]>

export const identityColumns = [
  'id',
  'workload_id',
  'method',
  'name',
  'issuer_id',
  'params',
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

export function identityOf(row: IdentityRow): Identity {
  const method = methodOf(row.method)
  const params = row.params as StoredParams
  return {
    id: row.id,
    method,
    name: row.name,
    issuer: row.issuer_id,
    audiences: params.audiences ?? null,
    claims: params.claims ?? null,
    subject: params.spiffe_id ?? (params.subject === undefined ? null : `${params.subject.kind}=${params.subject.value}`),
    single_use: params.single_use ?? false,
    grants: params.grants ?? null,
    assurance: method === 'client_secret_basic' ? 'shared_secret' : 'federated',
    warnings: warningsOf(method, params),
    thumbprint: row.thumbprint,
    hint: row.hint,
    created_at: shown(row.created_at),
    expires_at: shownOrNull(row.expires_at),
    last_used_at: shownOrNull(row.last_used_at),
    revoked_at: shownOrNull(row.revoked_at),
  }
}

/** The column `params`: what each method pins. */
interface StoredParams {
  readonly audiences?: string[]
  readonly claims?: Identity['claims']
  readonly spiffe_id?: string
  readonly subject?: { readonly kind: string; readonly value: string }
  readonly single_use?: boolean
  readonly grants?: string[]
  /** What the assessment said when the rule was made (trust/). */
  readonly warnings?: string[]
}

function warningsOf(method: Identity['method'], params: StoredParams): string[] {
  const shared =
    method === 'client_secret_basic'
      ? ['A client secret can be copied and used from anywhere: let the workload prove who it is by a key or an issuer']
      : []
  return [...shared, ...(params.warnings ?? [])]
}

function methodOf(text: string): Identity['method'] {
  const method = identityMethods.find((one) => one === text)
  if (method === undefined) throw new Error(`an identity has the method ${text}, which this version does not know`)
  return method
}
