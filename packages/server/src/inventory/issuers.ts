import { KeywardError } from '@keyward/contract/errors'
import type { ClaimConditions } from '@keyward/contract/identities'
import {
  type Issuer,
  type IssuerCreate,
  IssuerKeys,
  type IssuerQuery,
  type IssuerUpdate,
  type TrustAssessment,
} from '@keyward/contract/issuers'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { IssuersTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { assessClaims, presetOf } from '../trust/assess.ts'
import { isTrustDomain } from '../trust/spiffe-id.ts'
import { invalid, naming } from './conflicts.ts'
import { requireAuthorities, requireKeys, requireKeysUrl } from './issuer-keys.ts'
import { ownedWithin, requireFreshAdmin } from './reach.ts'
import type { OwnAddress } from './resources.ts'
import { shown, shownOrNull } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/*
 * Issuers: who may vouch for workloads. They belong to the installation as a whole, for each can vouch for any workload; everybody who may
 * make a trust rule sees them.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

const nameTaken = {
  issuers_name: { field: '/name', message: 'is the name of another active issuer: choose another' },
  issuers_issuer: { field: '/issuer', message: 'is trusted already: use that one, or revoke it first' },
}

/** @throws KeywardError `invalid-cursor` */
export async function listIssuers(db: Db, permit: Permit<'issuer:read'>, query: IssuerQuery): Promise<Page<Issuer>> {
  let rows = db.selectFrom('issuers').selectAll('issuers')
  if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind)
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  const page = await pageOf(rows, 'issuers', query, (row) => row)
  const counts = await ruleCounts(
    db,
    permit,
    page.items.map(({ id }) => id),
  )
  return { items: page.items.map((row) => issuerOf(row, counts.get(row.id) ?? 0)), next_cursor: page.next_cursor }
}

/** @throws KeywardError `not-found` */
export async function showIssuer(db: Db, permit: Permit<'issuer:read'>, id: string): Promise<Issuer> {
  const row = await db.selectFrom('issuers').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return issuerOf(row, (await ruleCounts(db, permit, [id])).get(id) ?? 0)
}

/** @throws KeywardError `invalid-request` (field named), `conflict`, `forbidden`, `fresh-auth-required` */
export async function createIssuer(trx: Trx, permit: Permit<'issuer:create'>, input: IssuerCreate, at: OwnAddress): Promise<Issuer> {
  permit.requireAll()
  if (input.allow_private) requireFreshAdmin(permit, nowhere, 'have keys fetched from a private address')
  requireIdentifier(input, at)
  requireKeys(input.kind, input.keys_from, input.allow_private)
  if (input.ca !== undefined) requireAuthorities(input.ca, '/ca')
  const row = await naming(nameTaken, () =>
    trx
      .insertInto('issuers')
      .values({
        id: newId('issuer'),
        name: input.name,
        kind: input.kind,
        issuer: input.issuer,
        // A known issuer is judged by what is known of it, whatever it was called.
        preset: input.kind === 'oidc' && input.preset === 'generic' ? presetOf(input.issuer) : input.preset,
        keys_from: JSON.stringify(input.keys_from),
        allow_private: input.allow_private,
        attests: input.attests,
        ca: input.ca ?? null,
        description: input.description ?? null,
        created_by: permit.principal.user.id,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return issuerOf(row, 0)
}

/** @throws KeywardError `not-found`, `precondition-failed`, `already-revoked`, `invalid-request`, `conflict`, `forbidden`, `fresh-auth-required` */
export async function updateIssuer(
  trx: Trx,
  permit: Permit<'issuer:update'>,
  id: string,
  input: IssuerUpdate,
  revision: Revision,
): Promise<Issuer> {
  permit.requireAll()
  const before = await lockIssuer(trx, id, revision)
  if (before.state === 'revoked') throw new KeywardError('already-revoked')
  const allowPrivate = input.allow_private ?? before.allow_private
  // Where a private address is open, another address of keys is another place that is reached.
  const reachesFurther = allowPrivate && (!before.allow_private || input.keys_from !== undefined || input.ca !== undefined)
  if (reachesFurther) requireFreshAdmin(permit, nowhere, 'have keys fetched from a private address')
  const keys = input.keys_from ?? IssuerKeys.parse(before.keys_from)
  if (keys.type === 'discovery') requireKeysUrl(before.issuer, '/allow_private', allowPrivate)
  requireKeys(before.kind, keys, allowPrivate)
  if (typeof input.ca === 'string') requireAuthorities(input.ca, '/ca')
  const row = await naming(nameTaken, () =>
    trx
      .updateTable('issuers')
      .set({
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.keys_from === undefined ? {} : { keys_from: JSON.stringify(input.keys_from) }),
        ...(input.ca === undefined ? {} : { ca: input.ca }),
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.attests === undefined ? {} : { attests: input.attests }),
        allow_private: allowPrivate,
        updated_at: sql<Date>`now()`,
        revision: before.revision + 1,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return issuerOf(row, (await ruleCounts(trx, permit, [id])).get(id) ?? 0)
}

/** Trust rules that have ended keep their history without it. @throws KeywardError `not-found`, `precondition-failed`, `in-use`, `forbidden` */
export async function deleteIssuer(trx: Trx, permit: Permit<'issuer:delete'>, id: string, revision: Revision): Promise<void> {
  permit.requireAll()
  await lockIssuer(trx, id, revision)
  const { rows } = await sql<Use>`
    select 'identity' as kind, i.id, coalesce(i.name || ' of ', 'of ') || w.name as name
    from workload_identities i join workloads w on w.id = i.workload_id
    where i.issuer_id = ${id} and i.revoked_at is null order by i.id limit ${usesShownMax}`.execute(trx)
  requireUnused('The issuer', rows)
  await trx.updateTable('workload_identities').set({ issuer_id: null }).where('issuer_id', '=', id).execute()
  await trx.deleteFrom('issuers').where('id', '=', id).execute()
}

/** What a rule would match, before it is made. @throws KeywardError `not-found`, `invalid-request` for an issuer whose rules have no claims */
export async function assessRule(db: Db, _permit: Permit<'issuer:try'>, id: string, claims: ClaimConditions): Promise<TrustAssessment> {
  const row = await db.selectFrom('issuers').select(['kind', 'preset']).where('id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  const { kind, preset } = row
  if (kind !== 'oidc') throw invalid('/claims', `are conditions of OIDC issuers, and this one is of kind ${kind}`)
  return assessClaims(preset, claims)
}

/** An issuer belongs to no team and no environment. */
const nowhere = { team: null, environment: null }

/** @throws KeywardError `invalid-request` */
function requireIdentifier(input: IssuerCreate, at: OwnAddress): void {
  if (input.kind === 'spiffe') {
    if (!isTrustDomain(input.issuer)) throw invalid('/issuer', 'must be the name of a trust domain such as acme.example, without spiffe://')
    return
  }
  if (input.kind === 'x509') return
  const { issuer } = input
  const url = URL.parse(issuer)
  // OpenID Connect Core, section 2: an https address without query or fragment; Google's may come without the scheme.
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    if (input.keys_from.type === 'discovery')
      throw invalid('/issuer', 'must be an https address for its keys to be discovered; give keys_from another type otherwise')
    return
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw invalid('/issuer', 'must not hold a query, a fragment, a user name or a password')
  if (at.isOwnOrigin(url.origin)) throw invalid('/issuer', 'is Keyward itself: its own tokens are exchanged, not federated')
  if (issuer.includes('{') || /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/.test(issuer))
    throw invalid('/issuer', 'speaks for every directory there is: name yours, by its tenant id')
  if (input.keys_from.type === 'discovery') requireKeysUrl(issuer, '/issuer', input.allow_private)
}

async function lockIssuer(trx: Trx, id: string, revision: Revision): Promise<Selectable<IssuersTable>> {
  const row = await trx.selectFrom('issuers').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  requireRevision(row.revision, revision)
  return row
}

/** Live trust rules by issuer, as far as the caller sees their workloads. */
async function ruleCounts(db: Db, permit: Permit, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('workload_identities')
    .innerJoin('workloads', 'workloads.id', 'workload_identities.workload_id')
    .select(['issuer_id', ({ fn }) => fn.countAll<bigint>().as('count')])
    .where('issuer_id', 'in', ids)
    .where('workload_identities.revoked_at', 'is', null)
    .where(ownedWithin(permit.reach, 'workloads'))
    .groupBy('issuer_id')
    .execute()
  return new Map(rows.map((row) => [row.issuer_id ?? '', Number(row.count)]))
}

function issuerOf(row: Selectable<IssuersTable>, identities: number): Issuer {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    issuer: row.issuer,
    preset: row.preset,
    keys_from: IssuerKeys.parse(row.keys_from),
    allow_private: row.allow_private,
    attests: row.attests,
    ca: row.ca,
    description: row.description,
    identities,
    state: row.state,
    revoked_at: shownOrNull(row.revoked_at),
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}
