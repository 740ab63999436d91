import { createHash } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { idSchema } from '@keyward/contract/ids'
import { needsSecondOpinion, type Route } from '@keyward/contract/route'
import { secondOpinionHeader } from '@keyward/contract/second-opinions'
import type { Trx } from '../people/people.ts'
import type { Permit } from '../people/permit.ts'
import type { Principal } from '../people/principal.ts'
import { askSecondOpinion, takeSecondOpinion, whyNotTaken } from '../people/second-opinions.ts'
import { asksSecondOpinion } from '../people/settings.ts'
import { actorOf } from './act.ts'
import type { ApiOptions } from './api-options.ts'
import { describeRequest } from './describe-request.ts'
import type { RequestFacts } from './request-facts.ts'

/** A parsed request to a route. */
export interface GatedRequest {
  readonly route: Route
  readonly request: RequestFacts
  readonly principal: Principal
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** The body as it was sent. */
  readonly bytes: Uint8Array | undefined
}

/** Leave for one act: what it does in the act's own transaction, before the act. */
export type SecondOpinionUse = (trx: Trx) => Promise<void>

/**
 * Holds a dangerous act until another admin has said yes to this very request: by this person, to this route, with these parameters, this
 * query, this `If-Match` and this body. Local login passes, for it is the way in when nobody else is there; that stands in the audit log.
 * @returns undefined where no second opinion is needed
 * @throws KeywardError `second-opinion-required`, with the id of what was asked
 */
export async function requireSecondOpinion(options: ApiOptions, gated: GatedRequest): Promise<SecondOpinionUse | undefined> {
  return needsSecondOpinion(gated.route) && (await asksSecondOpinion(options.db)) ? await opinionOn(options, gated) : undefined
}

/** Thrown out of the transaction of an act that turned out to be dangerous while it was done: it is rolled back. */
export class TurnedOutDangerous extends Error {}

/**
 * For acts of which only what they would do tells whether they need a fresh authentication, and so a second opinion: a key that is to go
 * somewhere new, an upstream at a private address.
 * @throws TurnedOutDangerous
 */
export async function requireNothingMore(trx: Trx, permit: Permit | undefined): Promise<void> {
  if (permit?.neededFresh === true && (await asksSecondOpinion(trx))) throw new TurnedOutDangerous()
}

/** @throws KeywardError `second-opinion-required` */
export async function opinionOn(options: ApiOptions, gated: GatedRequest): Promise<SecondOpinionUse> {
  const { route, request, principal } = gated
  const by = principal.user.id
  const record = (action: string, details: Record<string, unknown>) => (trx: Trx) =>
    options.audit.recordIn(trx, { action, decision: 'done', details: { route: route.id, ...details }, ...actorOf(request, principal) })
  if (principal.proof.method === 'local') return record('second_opinion.bypass', { method: 'local' })

  const digest = options.keyedDigest(digestOf(gated))
  const given = request.headers.get(secondOpinionHeader)
  if (given === null) {
    const { summary, details } = await describeRequest(options.db, gated)
    const id = await askSecondOpinion(options.db, { by, action: route.id, summary, details, digest })
    throw required(id, `Asked as ${id}: another admin has to approve it first`)
  }
  if (!idSchema('secondOpinion').safeParse(given).success)
    throw new KeywardError('invalid-request', undefined, {
      errors: [{ field: 'header.Keyward-Second-Opinion', message: 'must be an id of the form sop_…' }],
    })
  return async (trx) => {
    const decider = await takeSecondOpinion(trx, given, by, digest)
    if (decider === undefined) throw required(given, await whyNotTaken(options.db, given, by, digest))
    await record('second_opinion.use', { second_opinion: given, approved_by: decider })(trx)
  }
}

function required(id: string, detail: string): KeywardError {
  return new KeywardError('second-opinion-required', detail, { extra: { second_opinion: id } })
}

/** Lengths stand before what is long, so that no two requests have one text. */
function digestOf({ route, request, principal, params, query, bytes }: GatedRequest): Buffer {
  const body = bytes ?? new Uint8Array()
  const head = JSON.stringify([
    principal.user.id,
    route.id,
    request.path,
    params ?? null,
    query ?? null,
    request.headers.get('if-match'),
    body.length,
  ])
  return createHash('sha256').update('keyward/second-opinion/1\n').update(head).update('\n').update(body).digest()
}
