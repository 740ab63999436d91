import type { IncomingMessage } from 'node:http'
import { parseJsonObject } from './llm/json-body.ts'
import { type Plan, underToken } from './plan.ts'
import { actOf, llmProtocol, prepare } from './prepare.ts'
import { hasBody, readBody } from './request-body.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'
import type { Target } from './target.ts'

/** A call that was refused because its token does not reach as far. */
export interface BeyondScope {
  readonly request: IncomingMessage
  readonly target: Target
  readonly token: VerifiedToken
  /** As the token may use it. */
  readonly plan: Plan
  /** What was read of the body before the refusal; undefined: nothing. */
  readonly body: Buffer | null | undefined
}

/** A body is read for this when it is no larger: beyond, a client learns what else is missing with its next call. */
const bodyBytesMax = 1_048_576
/** And no slower: the refusal waits for it. */
const bodyMsMax = 2_000
/** Grants of one workload for one resource that are looked at. */
const grantsMax = 10

/**
 * What to ask for in place of the token: `grant:ID` of the one grant under which this call would have gone through as a whole, operation and
 * model together, so that nobody steps up twice. The token's own grant where the token says less than it; else another of its workload for the
 * same resource. Undefined where there is none, and for a token that was handed on: whoever handed it on chose what it may do.
 */
export async function stepUp(shared: Shared, call: BeyondScope): Promise<string | undefined> {
  const { token, plan, request } = call
  if (token.client?.startsWith('wl_') && token.client !== token.workload) return undefined
  const body = call.body !== undefined ? call.body : await wholeBody(call)
  const nowMs = shared.parts.feed.nowMs()
  const own = token.narrowed === undefined ? [] : [plan.grant.id]
  const others = (await shared.parts.grantsOf?.(plan.workload.id, plan.resource.id)) ?? []
  for (const id of [...own, ...others.filter((one) => one !== plan.grant.id)].slice(0, grantsMax)) {
    const candidate = await shared.plans.get(id)
    if (candidate === undefined || candidate.grant.state !== 'active' || candidate.workload.id !== plan.workload.id) continue
    if (candidate.resource.id !== plan.resource.id || candidate.tenant?.id !== plan.tenant?.id) continue
    if (candidate.grant.expiresAtMs !== null && candidate.grant.expiresAtMs <= nowMs) continue
    if (reaches(underToken(candidate, undefined), request, call.target, body)) return `grant:${id}`
  }
  return undefined
}

/** Whether a call would be within the scope of a plan: what the call itself is asked, without its price. */
function reaches(plan: Plan, request: IncomingMessage, target: Target, body: Buffer | null): boolean {
  try {
    const act = actOf(plan, request.method ?? 'GET', target, plan.credential?.authority ?? [])
    if (act.body !== 'whole') return true
    if (body === null) return false
    prepare(plan, act, request.headers, body, false, { book: { quote: () => undefined }, at: new Date(0) })
    return true
  } catch {
    return false
  }
}

/** The body of a call that was refused before it was read, where it says what else is asked; null where there is none or it is too large. */
async function wholeBody({ request, plan, target }: BeyondScope): Promise<Buffer | null> {
  const { resource } = plan
  if (resource.kind !== 'llm' || !hasBody(request)) return null
  if (llmProtocol(resource.provider).operation(request.method ?? 'GET', target.path)?.body !== 'json') return null
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, bodyMsMax, null)
  try {
    const body = await Promise.race([readBody(request, bodyBytesMax), late])
    if (body !== null) parseJsonObject(body)
    return body
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
