import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { SecondOpinion, type SecondOpinionQuery } from '@keyward/contract/second-opinions'
import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { type Page, pageOf } from '../db/page.ts'
import type { JsonValue, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Trx } from './people.ts'
import type { Permit } from './permit.ts'

/*
 * A second opinion is the yes of one admin to one request of another. States: open -> approved -> used, open -> refused; open and approved
 * end by themselves after 30 minutes. What is approved is a digest of the request (http/second-opinion-gate.ts), so no other request can be
 * made with it; it is used in the transaction of the act, so it counts once, and not at all where the act failed.
 *
 * Who may decide: any admin over everything with a fresh authentication, but not who asked, and nobody whom the asker made, changed,
 * invited or connected to a provider within the last day (by the audit log): that could be the asker under another name.
 */

/** A request that needs a second opinion. */
export interface AskedAct {
  readonly by: string
  /** Id of the route. */
  readonly action: string
  readonly summary: string
  readonly details: SecondOpinion['details']
  /** Keyed digest of who asks for what. */
  readonly digest: Buffer
}

/** Acts on a user by which the asker could have become them. */
const takeovers = ['user.create', 'user.update', 'user.invite', 'user.link']
/** Open questions of one person: more is a program gone wrong. */
const openMax = 50

/**
 * Asks for a second opinion; the same request again is the same question.
 * @returns the id of what was asked
 * @throws KeywardError `too-many-requests`
 */
export async function askSecondOpinion(db: Database, act: AskedAct): Promise<string> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`second opinion ${act.by}`}, 0))`.execute(trx)
    const live = trx
      .selectFrom('second_opinions')
      .where('asked_by', '=', act.by)
      .where('used_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      .where(sql<SqlBool>`approved is not false`)
    const same = await live.select('id').where('digest', '=', act.digest).executeTakeFirst()
    if (same !== undefined) return same.id
    const { open } = await live.select(sql<number>`count(*)::int`.as('open')).executeTakeFirstOrThrow()
    if (open >= openMax)
      throw new KeywardError('too-many-requests', `${openMax} of your acts wait for another admin`, {
        extra: { retryAfterSeconds: limits.secondOpinionMinutesMax * 60 },
      })
    const id = newId('secondOpinion')
    const { by: asked_by, action, summary, digest } = act
    await trx
      .insertInto('second_opinions')
      .values({ id, asked_by, action, summary, digest, details: JSON.stringify(act.details), expires_at: inHalfAnHour })
      .execute()
    return id
  })
}

const inHalfAnHour = sql<Date>`now() + make_interval(mins => ${limits.secondOpinionMinutesMax})`

/**
 * Uses up a yes, in the transaction of the act that it was given to. Whoever gave it has to be an admin still.
 * @returns who gave it; undefined where there is no such yes to this request (any more)
 */
export async function takeSecondOpinion(trx: Trx, id: string, by: string, digest: Buffer): Promise<string | undefined> {
  const { rows } = await sql<{ decided_by: string }>`
    update second_opinions o set used_at = now() from users u
    where o.id = ${id} and o.asked_by = ${by} and o.digest = ${digest} and o.approved and o.used_at is null and o.expires_at > now()
      and u.id = o.decided_by and u.state = 'active'
      and exists (select from role_bindings r where r.user_id = u.id and r.role = 'admin' and r.team is null and r.environment is null)
    returning o.decided_by`.execute(trx)
  return rows[0]?.decided_by
}

/** Why an id does not help, for whoever brought it. */
export async function whyNotTaken(db: Database, id: string, by: string, digest: Buffer): Promise<string> {
  const row = await opinionRows(db).where('second_opinions.id', '=', id).executeTakeFirst()
  if (row === undefined || row.asked_by !== by) return 'No second opinion of yours has this id'
  if (!row.digest.equals(digest)) return 'That second opinion is for another request: repeat the one that it was asked for, unchanged'
  switch (stateOf(row)) {
    case 'open':
      return 'Nobody has decided yet'
    case 'refused':
      return `${row.decider ?? 'Another admin'} said no: ${row.reason ?? 'without a reason'}`
    case 'used':
      return 'That second opinion was used already'
    case 'ended':
      return 'That second opinion is older than 30 minutes'
    default:
      return 'Whoever approved it is no admin any more'
  }
}

/**
 * Says yes or no.
 * @throws KeywardError `not-found`, `conflict` where it was decided or has ended, `forbidden` where this person may not decide it
 */
export async function decideSecondOpinion(
  trx: Trx,
  permit: Permit<'second_opinion:decide'>,
  id: string,
  decision: { readonly approved: boolean; readonly reason?: string | undefined },
): Promise<SecondOpinion> {
  permit.requireAll()
  const me = permit.principal.user.id
  const locked = await trx.selectFrom('second_opinions').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  const row = locked && (await opinionRows(trx).where('second_opinions.id', '=', id).executeTakeFirst())
  if (row === undefined) throw new KeywardError('not-found')
  if (row.asked_by === me) throw new KeywardError('forbidden', 'You asked for this yourself: another admin decides')
  const state = stateOf(row)
  if (state !== 'open')
    throw new KeywardError(
      'conflict',
      state === 'ended' ? 'Nobody decided within 30 minutes: it has to be asked for anew' : 'This was decided already',
    )
  if (decision.approved && (await isOfAsker(trx, row.asked_by, me)))
    throw new KeywardError(
      'forbidden',
      'Who asks for this made, changed or invited your user within the last day, and so could be you: let another admin decide, or wait',
    )
  await trx
    .updateTable('second_opinions')
    .set({
      approved: decision.approved,
      decided_by: me,
      decided_at: sql`now()`,
      reason: decision.reason ?? null,
      ...(decision.approved ? { expires_at: inHalfAnHour } : {}),
    })
    .where('id', '=', id)
    .execute()
  return showSecondOpinion(trx, permit, id)
}

async function isOfAsker(trx: Trx, asker: string, decider: string): Promise<boolean> {
  const found = await trx
    .selectFrom('audit_entries')
    .select('id')
    .where('target_id', '=', decider)
    .where('actor_id', '=', asker)
    .where('action', 'in', takeovers)
    .where('decision', '=', 'done')
    .where('at', '>', sql<Date>`now() - interval '1 day'`)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Newest first. */
export async function listSecondOpinions(
  db: Database,
  permit: Permit<'second_opinion:read'>,
  query: SecondOpinionQuery,
): Promise<Page<SecondOpinion>> {
  permit.requireAll()
  const open = sql<SqlBool>`second_opinions.decided_at is null and second_opinions.expires_at > now()`
  const rows = opinionRows(db)
    .$if(query.state === 'open', (select) => select.where(open))
    .$if(query.state === 'decided', (select) => select.where('second_opinions.decided_at', 'is not', null))
  return pageOf(rows, 'second_opinions', query, (row) => shown(row, permit), 'asked_at')
}

/** @throws KeywardError `not-found` */
export async function showSecondOpinion(
  db: Database | Trx,
  permit: Permit<'second_opinion:read'> | Permit<'second_opinion:decide'>,
  id: string,
): Promise<SecondOpinion> {
  permit.requireAll()
  const row = await opinionRows(db).where('second_opinions.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return shown(row, permit)
}

interface Row {
  readonly id: string
  readonly action: string
  readonly summary: string
  readonly details: JsonValue
  readonly digest: Buffer
  readonly asked_by: string
  readonly asker: string
  readonly asked_at: Date
  readonly expires_at: Date
  readonly decided_by: string | null
  readonly decider: string | null
  readonly decided_at: Date | null
  readonly approved: boolean | null
  readonly reason: string | null
  readonly used_at: Date | null
  readonly over: boolean
}

function opinionRows(db: Database | Trx): SelectQueryBuilder<Tables, 'second_opinions', Row> {
  return db
    .selectFrom('second_opinions')
    .selectAll('second_opinions')
    .select([
      sql<string>`(select name from users where id = second_opinions.asked_by)`.as('asker'),
      sql<string | null>`(select name from users where id = second_opinions.decided_by)`.as('decider'),
      sql<boolean>`second_opinions.expires_at <= now()`.as('over'),
    ]) as unknown as SelectQueryBuilder<Tables, 'second_opinions', Row>
}

function stateOf(row: Row): SecondOpinion['state'] {
  if (row.used_at !== null) return 'used'
  if (row.approved === false) return 'refused'
  if (row.over) return 'ended'
  return row.approved === true ? 'approved' : 'open'
}

function shown(row: Row, permit: Permit): SecondOpinion {
  return {
    id: row.id,
    action: row.action,
    summary: row.summary,
    details: SecondOpinion.shape.details.parse(row.details),
    state: stateOf(row),
    asked_by: { id: row.asked_by, name: row.asker },
    asked_at: row.asked_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    decided_by: row.decided_by === null ? null : { id: row.decided_by, name: row.decider ?? row.decided_by },
    decided_at: row.decided_at?.toISOString() ?? null,
    reason: row.reason,
    used_at: row.used_at?.toISOString() ?? null,
    yours: row.asked_by === permit.principal.user.id,
  }
}
