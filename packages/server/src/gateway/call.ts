import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import { limits } from '@keyward/contract/limits'
import type { Outcome, Verdict } from '../policy/call.ts'
import { requireStanding, standing, type UsableCredential } from './authorise.ts'
import { type CallRecord, recordOf } from './call-record.ts'
import { callSeconds, protocolOfPlan, tokensOf } from './call-rules.ts'
import { challenges, isBeyondScope, resourceMetadataUrl, speaksBasic } from './challenge.ts'
import { type Protocol, protocolOfRequest } from './error-shape.ts'
import { type AdmittedCall, Exchange } from './exchange.ts'
import { type Plan, underToken } from './plan.ts'
import { type Act, actOf, type Prepared, prepare, requireModelsStill } from './prepare.ts'
import { presentedToken } from './presented.ts'
import { checkContentDigest, checkProof, requireStrength } from './proof.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { recordRefusal } from './refusal-record.ts'
import { sendRefusal } from './refuse.ts'
import { announcedBytes, hasBody, readBody, Upload } from './request-body.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'
import { stepUp } from './step-up.ts'
import type { Target } from './target.ts'

/** A JSON body that is not here by then is a client that holds a connection open for nothing. */
const bodyMsMax = 60_000
/** Bodies of plain HTTP calls up to here are read before they are sent: a refusal of the upstream then costs no connection. */
const wholeBytesMax = 65_536

type Asked = Omit<AdmittedCall, 'admitted'>

/**
 * One call through the gateway, from its arrival to its end: token, plan, body and admission are asked here. That ends in a refusal, recorded
 * and answered, or in an Exchange with the upstream.
 */
export class Call {
  readonly id: string
  readonly #shared: Shared
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #target: Target
  readonly #startedMs = performance.now()
  #protocol: Protocol
  #token: VerifiedToken | undefined
  #plan: Plan | undefined
  #credential: UsableCredential | undefined
  #act: Act | undefined
  #prepared: Prepared | undefined
  #upload: Upload | undefined
  /** As it arrived, once it was read; null: there is none. */
  #body: Buffer | null | undefined
  #exchange: Exchange | undefined
  #bodyDeadlineMs = Number.POSITIVE_INFINITY
  #counted = false
  #over = false
  /** Why the call was over before its admission came back. */
  #endedBy: Outcome = 'client_abort'

  constructor(shared: Shared, request: IncomingMessage, response: ServerResponse, target: Target) {
    this.#shared = shared
    this.#request = request
    this.#response = response
    this.#target = target
    this.id = shared.parts.newCallId()
    this.#protocol = protocolOfRequest(target.path, request.headers)
    response.on('close', this.#onClientClose)
  }

  /** Runs the call until it is on its way or refused. Never rejects. */
  async run(): Promise<void> {
    try {
      const asked = await this.#ask()
      if (asked === undefined) return
      const verdict = await this.#admit(asked)
      if (!verdict.admitted) {
        this.#answerRefusal(new Refusal(verdict.code, verdict.detail, verdict.retryAfterSeconds))
        return
      }
      this.#exchange = new Exchange(this.#shared, { ...asked, admitted: verdict }, this.#leave)
      if (this.#over) this.#exchange.abandon(this.#endedBy)
      else await this.#exchange.send()
    } catch (error) {
      await this.#failed(error)
    }
  }

  /** Ids that end this call when they are revoked. */
  concerns(subject: string): boolean {
    const { id, grant, workload, identity } = this.#token ?? {}
    if (subject === id || subject === grant || subject === workload || subject === identity) return true
    const plan = this.#plan
    return plan !== undefined && (plan.credential?.id === subject || plan.resource.id === subject || plan.tenant?.id === subject)
  }

  get grant(): string | undefined {
    return this.#token?.grant
  }

  /** Ends the call at once: revoked, deaf, shut down. */
  cut(code: GatewayErrorCode, detail?: string): void {
    this.#fail(new Refusal(code, detail), 'cut')
  }

  /** A changed plan, looked at while the call runs. */
  recheck(plan: Plan | undefined): void {
    if (this.#over || this.#plan === undefined) return
    const why = plan === undefined ? { code: 'cut' as const } : standing(plan, this.#shared.parts.feed.nowMs())
    if (why !== undefined) {
      this.cut('cut')
      return
    }
    if (plan === undefined || this.#act === undefined) return
    if (plan.resource.origin !== this.#plan.resource.origin || plan.credential?.id !== this.#plan.credential?.id) {
      this.cut('cut')
      return
    }
    try {
      if (this.#token !== undefined) requireStrength(plan, this.#token)
      const narrowed = underToken(plan, this.#token)
      actOf(narrowed, this.#request.method ?? 'GET', this.#target, plan.credential?.authority ?? [])
      // A call whose body is still on its way is judged by what the grant says when it is here.
      if (this.#prepared === undefined) this.#plan = narrowed
      else requireModelsStill(narrowed, this.#prepared)
    } catch {
      this.cut('cut')
    }
  }

  /** Looks at the clocks; called a few times a second. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (this.#exchange !== undefined) this.#exchange.tick(nowMs)
    else if (nowMs >= this.#bodyDeadlineMs) this.#fail(new Refusal('body_invalid', 'It did not arrive in time.'), 'timeout')
  }

  /** Undefined where the call was over before all was asked. */
  async #ask(): Promise<Asked | undefined> {
    const { parts } = this.#shared
    if (parts.feed.deaf) throw new Refusal('node_deaf')
    const presented = presentedToken(this.#request)
    const verified = parts.verifier.verify(presented.token)
    const token = verified instanceof Promise ? await verified : verified
    this.#token = token
    const known = this.#shared.plans.get(token.grant)
    const granted = known instanceof Promise ? await known : known
    if (granted === undefined || granted.resource.name !== this.#target.name || granted.workload.id !== token.workload)
      throw new Refusal('unknown_resource')
    if (this.#over) return undefined
    const plan = underToken(granted, token)
    this.#plan = plan
    this.#protocol = protocolOfPlan(plan)
    const contentDigest = await checkProof(this.#shared, this.#request, presented, token, plan)
    if (this.#over) return undefined
    const credential = requireStanding(plan, parts.feed.nowMs())
    this.#credential = credential
    const act = actOf(plan, this.#request.method ?? 'GET', this.#target, credential.authority)
    this.#act = act
    this.#count(plan)
    const body = await this.#readBody(plan, act)
    if (this.#over) return undefined
    if (this.#upload === undefined) this.#body = body
    if (contentDigest !== undefined) checkContentDigest(contentDigest, this.#body)
    const budgeted = parts.budgets.isBudgeted({ grant: plan.grant.id, workload: plan.workload.id, team: plan.workload.team })
    const current = parts.prices.current()
    const prices = { book: current instanceof Promise ? await current : current, at: new Date(parts.feed.nowMs()) }
    if (this.#over) return undefined
    const prepared = prepare(this.#plan, act, this.#request.headers, body, budgeted, prices)
    this.#prepared = prepared
    return {
      id: this.id,
      startedMs: this.#startedMs,
      request: this.#request,
      response: this.#response,
      target: this.#target,
      protocol: this.#protocol,
      token,
      plan,
      credential,
      act,
      prepared,
      upload: this.#upload,
    }
  }

  #count(plan: Plan): void {
    const { concurrent } = plan.grant.limits
    if (concurrent === undefined) return
    const running = this.#shared.running.get(plan.grant.id) ?? 0
    if (running >= concurrent) throw new Refusal('too_many_concurrent', `The grant allows ${concurrent} at once on one node.`, 1)
    this.#shared.running.set(plan.grant.id, running + 1)
    this.#counted = true
  }

  /** The body where it has to be read first; null where there is none or it is passed through (`#upload`). */
  async #readBody(plan: Plan, act: Act): Promise<Buffer | null> {
    const request = this.#request
    const ceiling = act.body === 'whole' ? limits.gatewayJsonBytesMax : limits.gatewayUploadBytesMax
    const bytesMax = Math.min(plan.grant.limits.request_bytes ?? ceiling, plan.resource.limits.request_bytes ?? ceiling, ceiling)
    if (!hasBody(request)) {
      if (act.body === 'whole') throw new Refusal('body_invalid', 'There is none.')
      request.resume()
      return null
    }
    const announced = announcedBytes(request, bytesMax)
    if (act.body === 'none') throw new Refusal('body_invalid', 'This operation takes none.')
    if (act.body === 'stream' && (announced === undefined || announced > wholeBytesMax)) {
      this.#upload = new Upload(request, bytesMax)
      return null
    }
    this.#bodyDeadlineMs = performance.now() + bodyMsMax
    const body = await readBody(request, bytesMax)
    this.#bodyDeadlineMs = Number.POSITIVE_INFINITY
    return body
  }

  #admit({ plan, act, prepared }: Asked): Promise<Verdict> {
    const { limits: bounds } = plan.grant
    return this.#shared.parts.admission.admit({
      callId: this.id,
      grant: plan.grant.id,
      workload: plan.workload.id,
      amountNano: prepared.amountNano,
      whyNoAmount: prepared.unbounded ?? undefined,
      reserveSeconds: callSeconds(plan),
      tokensWorstCase: tokensOf(act, prepared),
      limits: { requestsPerMinute: bounds.requests_per_minute, tokensPerMinute: bounds.tokens_per_minute },
      audit: this.#record(plan),
    })
  }

  #record(plan: Plan): CallRecord {
    return recordOf({
      plan,
      act: this.#act,
      credential: this.#credential,
      token: this.#token,
      model: this.#prepared?.model ?? null,
      callId: this.id,
      method: this.#request.method ?? 'GET',
      target: this.#target,
    })
  }

  readonly #onClientClose = (): void => {
    if (this.#over) return
    if (this.#exchange !== undefined) this.#exchange.clientLeft()
    else this.#leave()
  }

  // ---- how it ends

  async #failed(error: unknown): Promise<void> {
    const refusal = refusalOf(error)
    if (refusal === undefined) this.#shared.parts.log.error({ err: error, call: this.id }, 'a gateway call failed')
    if (this.#exchange !== undefined) {
      const why = refusal ?? new Refusal('upstream_unreachable')
      this.#exchange.fail(why, why.code === 'upstream_unreachable' ? 'upstream_unreachable' : 'cut')
      return
    }
    if (this.#over) return
    const why = refusal ?? new Refusal('overloaded')
    // A client that is told the nonce repeats its request at once (RFC 9449, section 9): that is no decision, and no entry of the log.
    const recorded = why.code === 'proof_nonce_required' ? undefined : this.#recordRefusal(why.code)
    // A node that can't hear, or can't write, does not make its callers wait for a database that is away: nothing went upstream.
    if (why.code !== 'node_deaf' && why.code !== 'not_recorded') await recorded
    this.#answerRefusal(why, isBeyondScope(why.code) ? await this.#stepUp() : undefined)
  }

  /** Ends the call with an error, whatever it is at. */
  #fail(refusal: Refusal, outcome: Outcome): void {
    if (this.#exchange !== undefined) {
      this.#exchange.fail(refusal, outcome)
      return
    }
    if (this.#over) return
    this.#endedBy = outcome
    void this.#recordRefusal(refusal.code)
    this.#answerRefusal(refusal)
  }

  #recordRefusal(code: GatewayErrorCode): Promise<void> {
    const record = this.#plan === undefined ? undefined : this.#record(this.#plan)
    return recordRefusal(this.#shared, { id: this.id, request: this.#request, record, token: this.#token }, code)
  }

  /** What to ask for in place of the token. A database that does not answer costs the hint and nothing else. */
  async #stepUp(): Promise<string | undefined> {
    const [token, plan] = [this.#token, this.#plan]
    if (token === undefined || plan === undefined || this.#upload !== undefined) return undefined
    try {
      return await stepUp(this.#shared, { request: this.#request, target: this.#target, token, plan, body: this.#body })
    } catch (error) {
      this.#shared.parts.log.warn({ err: error, call: this.id }, 'what a refused call could ask for in its place could not be read')
      return undefined
    }
  }

  #answerRefusal(refusal: Refusal, scope?: string): void {
    if (this.#over) return
    this.#leave()
    this.#shared.parts.metrics?.refused(refusal.code)
    if (this.#response.headersSent || this.#response.destroyed) return
    const scheme = /^dpop /i.test(this.#request.headers.authorization ?? '') ? 'dpop' : 'bearer'
    const metadata = resourceMetadataUrl(this.#shared.settings.issuer, this.#target)
    const basic = speaksBasic(this.#request.headers['user-agent'])
    const challenging = challenges(refusal, { scheme, metadata, scope, basic })
    sendRefusal(this.#response, this.#request, this.#protocol, refusal, this.id, challenging)
  }

  readonly #leave = (): void => {
    if (this.#over) return
    this.#over = true
    if (!this.#request.complete) {
      this.#upload?.destroy()
      this.#request.resume()
    }
    if (this.#counted && this.#plan !== undefined) {
      const { running } = this.#shared
      const left = (running.get(this.#plan.grant.id) ?? 1) - 1
      if (left <= 0) running.delete(this.#plan.grant.id)
      else running.set(this.#plan.grant.id, left)
    }
    this.#shared.left(this)
  }
}
