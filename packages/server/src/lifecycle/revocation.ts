import { limits } from '@keyward/contract/limits'
import type { RevocableKind, Revocation } from '@keyward/contract/records'
import type { Kysely, Transaction } from 'kysely'
import type { Audit } from '../audit/audit.ts'
import type { AuditRecord } from '../audit/record.ts'
import { heardBy } from '../changes/nodes.ts'
import { recordChanges } from '../changes/record.ts'
import type { Tables } from '../db/tables.ts'
import type { Clock } from '../observe/clock.ts'

/*
 * A revocation, from the request to the answer:
 *   1. one transaction: the thing and all that hangs on it is marked, the act is recorded, the change is put into the feed (last);
 *   2. this node applies the change (`catchUp`): from here on it refuses, and open streams are cut. The clock of the effect stops here;
 *   3. other nodes are asked, for a moment only, whether they have heard; the feed's bound holds whether or not they answer;
 *   4. what was ended is counted.
 * What may never be: an answer before 2; tokens marked one by one where the state of their grant, workload or identity already ends them
 * (a workload may have 100,000). Revoking what is revoked changes nothing and says `already`.
 */

export type Trx = Transaction<Tables>

export interface RevocationParts {
  readonly db: Kysely<Tables>
  readonly audit: Pick<Audit, 'recordIn'>
  readonly feed: { catchUp(seq: bigint): Promise<void> }
  /** Id of this node. */
  readonly node: string
  readonly clock: Clock
  /** Open streams of this node that hang on a thing (gateway/). */
  openStreams(kind: RevocableKind | 'identity', id: string): number
}

export interface RevocationRequest<Who> {
  /** Whose leave it is: a permit, or what a workload proved. */
  readonly permit: Who
  readonly id: string
  readonly reason: string
  /** Who asks, as the audit log names them. */
  readonly by: Pick<AuditRecord, 'actor' | 'correlationId' | 'personal'>
  /** Monotonic time at which the request was read. */
  readonly receivedAtMs: number
}

/** What one kind of thing takes with it. */
export interface RevocationOf<Who> {
  readonly kind: RevocableKind
  /**
   * Locks the thing within the permit's reach and marks it and what hangs on it.
   * @throws KeywardError `not-found`
   */
  end(trx: Trx, permit: Who, id: string, reason: string): Promise<Ended>
  /** Tokens that were live when it was revoked, this revocation being the reason that they are not. Asked after the effect. */
  countTokens(db: Kysely<Tables>, id: string, revokedAt: Date): Promise<number>
}

export interface Ended {
  readonly revokedAt: Date
  readonly already: boolean
  readonly grants: number
  readonly versions: number
  readonly identities: number
  /** What the audit entry is about, beside the thing itself. */
  readonly record: Pick<AuditRecord, 'workload' | 'grant' | 'credential' | 'resource' | 'tenant' | 'token' | 'team' | 'environment'>
  /** Tokens that end with it and are announced by themselves (end-tokens.ts). */
  readonly alsoTokens?: readonly string[]
  /** Identities that end with it: nodes keep these by id, too. */
  readonly alsoIdentities?: readonly string[]
}

/** How long an answer waits for other nodes to say that they have heard. */
const nodesWaitMsMax = 50

/** @throws KeywardError `not-found` */
export async function revoke<Who>(parts: RevocationParts, of: RevocationOf<Who>, request: RevocationRequest<Who>): Promise<Revocation> {
  const { db, feed, clock } = parts
  let streams = parts.openStreams(of.kind, request.id)
  let seq: bigint | undefined
  const ended = await db.transaction().execute(async (trx) => {
    const done = await of.end(trx, request.permit, request.id, request.reason)
    for (const identity of done.alsoIdentities ?? []) streams += parts.openStreams('identity', identity)
    await parts.audit.recordIn(trx, {
      action: `${of.kind}.revoke`,
      decision: 'done',
      ...request.by,
      ...done.record,
      target: { kind: of.kind, id: request.id },
      reason: request.reason,
      details: { already: done.already, grants: done.grants, versions: done.versions, identities: done.identities, streams },
    })
    if (!done.already) {
      await announce(trx, 'token', done.alsoTokens ?? [], request.reason)
      await announce(trx, 'identity', done.alsoIdentities ?? [], request.reason)
      seq = await announce(trx, of.kind, [request.id], request.reason)
    }
    return done
  })
  // Where the feed can't be read in time, this node is deaf: it refuses everything, and the revocation stands.
  if (seq !== undefined) await feed.catchUp(seq).catch(() => undefined)
  const effectMs = clock.monotonicMs() - request.receivedAtMs
  const nodes = seq === undefined ? [] : await heardBy(db, parts.node, seq, nodesWaitMsMax)
  return {
    kind: of.kind,
    id: request.id,
    revoked_at: ended.revokedAt.toISOString(),
    already: ended.already,
    ended: {
      grants: ended.grants,
      tokens: ended.already ? 0 : await of.countTokens(db, request.id, ended.revokedAt),
      streams: ended.already ? 0 : streams,
      versions: ended.versions,
      identities: ended.identities,
    },
    local_effect_ms: Math.max(0, Math.round(effectMs * 10) / 10),
    nodes: nodes.map(({ node, heard, heardAfterMs }) => ({
      node,
      heard,
      heard_after_ms: heardAfterMs === null ? null : Math.round(heardAfterMs),
    })),
    bound_ms: limits.deafAfterMs,
  }
}

/** The feed's counter is locked from here to the commit, so nothing else follows. */
async function announce(
  trx: Trx,
  kind: RevocableKind | 'identity',
  subjects: readonly string[],
  reason: string,
): Promise<bigint | undefined> {
  return await recordChanges(
    trx,
    subjects.map((subject) => ({ kind, subject, op: 'revoked', reason })),
  )
}
