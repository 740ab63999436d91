import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import { limits } from '@keyward/contract/limits'
import type { Dispatcher } from 'undici'
import { EgressRefused } from '../egress/errors.ts'
import type { Admitted, Outcome } from '../policy/call.ts'
import { type AnswerReader, noReader } from './answer-reader.ts'
import { requireStanding, standing, type UsableCredential } from './authorise.ts'
import { chargeOf } from './call-cost.ts'
import { type CallRecord, recordOf } from './call-record.ts'
import { callSeconds, isEventStream, protocolOfPlan, readerOf, refusedStatus, tokensOf } from './call-rules.ts'
import { errorEvent, type Protocol, protocolOfRequest } from './error-shape.ts'
import { outboundHeaders } from './outbound.ts'
import type { Plan } from './plan.ts'
import { type Act, actOf, type Prepared, prepare } from './prepare.ts'
import { presentedToken } from './presented.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { sendRefusal } from './refuse.ts'
import { Relay } from './relay.ts'
import { announcedBytes, hasBody, readBody, Upload } from './request-body.ts'
import { Scrubber } from './scrub/scrubber.ts'
import type { OpenSecret, VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'
import type { Target } from './target.ts'

/** A JSON body that is not here by then is a client that holds a connection open for nothing. */
const bodyMsMax = 60_000
/** A client that left: its answer is read on for so long, or so many bytes, to learn what it cost; then the upstream is cut off. */
const drainMsMax = 10_000
const drainBytesMax = 1_048_576
/** Bodies of plain HTTP calls up to here are read before they are sent: a refusal of the upstream then costs no connection. */
const wholeBytesMax = 65_536

/** Interim answers (1xx) mean nothing here; a server sends a few at most. */
const interimsMax = 16

/**
 * One call through the gateway, from its arrival to its settle.
 *
 *   asking    token, plan, body, admission. Ends in a refusal (recorded, answered) or in `admitted`.
 *   admitted  recorded and reserved: from here on it is settled exactly once, whatever happens.
 *   sent      the request is on its way; bytes may have reached the upstream.
 *   draining  the client left; the answer is read for its usage, within bounds.
 *   over      settled (or refused), nothing may be written any more.
 *
 * It is undici's handler itself, so that no closure is made for a call. Nothing here is retried: a vendor's SDK that tries again makes a new
 * call, and each attempt that reached the upstream is charged once.
 */
export class Call implements Dispatcher.DispatchHandler {
  readonly id: string
  readonly #shared: Shared
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #target: Target
  readonly #startedMs = performance.now()
  #phase: 'asking' | 'admitted' | 'sent' | 'draining' | 'over' = 'asking'
  #protocol: Protocol
  #token: VerifiedToken | undefined
  #plan: Plan | undefined
  #act: Act | undefined
  #prepared: Prepared | undefined
  #credential: UsableCredential | undefined
  #admitted: Admitted | undefined
  #scrubber: Scrubber | undefined
  #controller: Dispatcher.DispatchController | undefined
  #relay: Relay | undefined
  #reader: AnswerReader = noReader
  #upload: Upload | undefined
  #status: number | null = null
  #sentMs: number | undefined
  #firstByteMs: number | undefined
  #deadlineMs = Number.POSITIVE_INFINITY
  #firstByteDeadlineMs = Number.POSITIVE_INFINITY
  #counted = false
  #interims = 0
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
      await this.#ask()
      if (this.#phase === 'admitted') await this.#send()
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
    if (this.#phase === 'over' || this.#plan === undefined) return
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
      actOf(plan, this.#request.method ?? 'GET', this.#target, plan.credential?.authority ?? [])
    } catch {
      this.cut('cut')
    }
  }

  /** Looks at the clocks; called a few times a second. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (this.#phase === 'over') return
    if (nowMs >= this.#deadlineMs) {
      if (this.#phase === 'draining') this.#abandon('client_abort')
      else if (this.#phase === 'asking') this.#fail(new Refusal('body_invalid', 'It did not arrive in time.'), 'timeout')
      else this.#fail(new Refusal('upstream_timeout'), 'timeout')
      return
    }
    if (nowMs >= this.#firstByteDeadlineMs && this.#firstByteMs === undefined) {
      this.#fail(new Refusal('upstream_timeout'), 'timeout')
      return
    }
    if (this.#relay?.streamed && this.#plan !== undefined && this.#token !== undefined) this.#checkEnds(this.#plan, this.#token)
  }

  #checkEnds(plan: Plan, token: VerifiedToken): void {
    const now = this.#shared.parts.feed.nowMs()
    const grantEnded = plan.grant.expiresAtMs !== null && plan.grant.expiresAtMs <= now
    if (grantEnded || (!plan.grant.streamsOutliveToken && token.expiresAtMs <= now)) this.#fail(new Refusal('token_ended'), 'cut')
  }

  async #ask(): Promise<void> {
    const { parts } = this.#shared
    if (parts.feed.deaf) throw new Refusal('node_deaf')
    const presented = presentedToken(this.#request)
    const verified = parts.verifier.verify(presented.token)
    const token = verified instanceof Promise ? await verified : verified
    this.#token = token
    const known = this.#shared.plans.get(token.grant)
    const plan = known instanceof Promise ? await known : known
    if (plan === undefined || plan.resource.name !== this.#target.name || plan.workload.id !== token.workload)
      throw new Refusal('unknown_resource')
    if (this.#phase !== 'asking') return
    this.#plan = plan
    this.#protocol = protocolOfPlan(plan)
    await this.#checkProof(token, plan, presented.scheme, presented.proof)
    if (this.#phase !== 'asking') return
    const credential = requireStanding(plan, parts.feed.nowMs())
    this.#credential = credential
    const act = actOf(plan, this.#request.method ?? 'GET', this.#target, credential.authority)
    this.#act = act
    this.#count(plan)
    const body = await this.#readBody(plan, act)
    if (this.#phase !== 'asking') return
    const budgeted = parts.budgets.isBudgeted({ grant: plan.grant.id, workload: plan.workload.id, team: plan.workload.team })
    const current = parts.prices.current()
    const prices = { book: current instanceof Promise ? await current : current, at: new Date(parts.feed.nowMs()) }
    if (this.#phase !== 'asking') return
    const prepared = prepare(plan, act, this.#request.headers, body, budgeted, prices)
    this.#prepared = prepared
    await this.#admit(plan, act, prepared)
  }

  async #checkProof(token: VerifiedToken, plan: Plan, scheme: string, proof: string | undefined): Promise<void> {
    if (token.boundTo === undefined) {
      if (plan.grant.requireDpop) throw new Refusal('proof_invalid', 'The grant takes only tokens that are bound to a key.')
      if (scheme === 'dpop') throw new Refusal('token_invalid', 'The token is not bound to a key: send it as Bearer.')
      return
    }
    if (scheme !== 'dpop') throw new Refusal('proof_invalid', 'The token is bound to a key: send it as `Authorization: DPoP`.')
    const url = `${this.#shared.settings.scheme}://${this.#request.headers.host}${this.#request.url?.split('?')[0]}`
    const checked = this.#shared.parts.verifier.verifyProof(token, { header: proof ?? '', method: this.#request.method ?? 'GET', url })
    if (checked !== undefined) await checked
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
    this.#deadlineMs = performance.now() + bodyMsMax
    const body = await readBody(request, bytesMax)
    this.#deadlineMs = Number.POSITIVE_INFINITY
    return body
  }

  async #admit(plan: Plan, act: Act, prepared: Prepared): Promise<void> {
    const { limits: bounds } = plan.grant
    const verdict = await this.#shared.parts.admission.admit({
      callId: this.id,
      grant: plan.grant.id,
      workload: plan.workload.id,
      amountNano: prepared.amountNano,
      whyNoAmount: prepared.unbounded ?? undefined,
      reserveSeconds: callSeconds(plan),
      tokensWorstCase: tokensOf(act, prepared),
      limits: { requestsPerMinute: bounds.requests_per_minute, tokensPerMinute: bounds.tokens_per_minute },
      audit: this.#record(plan, prepared.model),
    })
    if (!verdict.admitted) {
      this.#answerRefusal(new Refusal(verdict.code, verdict.detail, verdict.retryAfterSeconds))
      return
    }
    this.#admitted = verdict
    if (this.#phase === 'asking') this.#phase = 'admitted'
    else this.#settle(this.#endedBy)
  }

  #record(plan: Plan, model: string | null): CallRecord {
    const { method = 'GET' } = this.#request
    return recordOf({
      plan,
      act: this.#act,
      credential: this.#credential,
      token: this.#token,
      model,
      callId: this.id,
      method,
      target: this.#target,
    })
  }

  async #send(): Promise<void> {
    const { parts, settings } = this.#shared
    const { plan, prepared } = this.#known()
    if (parts.feed.deaf) throw new Refusal('node_deaf')
    const credential = await this.#currentCredential(plan)
    const secret = await this.#open(credential)
    if (this.#phase !== 'admitted') return secret.destroy()
    const headers = outboundHeaders(this.#request, plan.resource.injection, secret, settings.viaName)
    this.#scrubber = secret.useBytes((bytes) => new Scrubber(bytes))
    secret.destroy()
    const length = this.#request.headers['content-length']
    if (this.#upload !== undefined && length !== undefined) headers.push('content-length', length)
    const now = performance.now()
    this.#deadlineMs = now + callSeconds(plan) * 1000
    this.#firstByteDeadlineMs = now + (plan.resource.limits.first_byte_seconds ?? limits.callSecondsMax) * 1000
    this.#sentMs = now
    parts.egress.upstream(plan.resource.origin, { allowPrivate: plan.resource.allowPrivate }).dispatch(
      {
        path: `${plan.resource.basePath}${this.#target.path}${this.#target.query}`,
        method: (this.#request.method ?? 'GET') as Dispatcher.HttpMethod,
        headers,
        body: this.#upload ?? prepared.body,
      },
      this,
    )
  }

  /** What is sent is what stands now: the plan may have changed while the body came in or the record was written. */
  async #currentCredential(plan: Plan): Promise<UsableCredential> {
    const known = this.#shared.plans.get(plan.grant.id)
    const now = known instanceof Promise ? await known : known
    if (now === plan) return this.#known().credential
    if (now === undefined) throw new Refusal('cut')
    const credential = requireStanding(now, this.#shared.parts.feed.nowMs())
    if (credential.id !== plan.credential?.id || now.resource.origin !== plan.resource.origin) throw new Refusal('cut')
    this.#credential = credential
    return credential
  }

  async #open(credential: UsableCredential): Promise<OpenSecret> {
    const { vault, log } = this.#shared.parts
    const bind = { purpose: 'credential', id: credential.id, version: credential.version.number } as const
    try {
      return vault.openCached?.(credential.version.sealed, bind) ?? (await vault.open(credential.version.sealed, bind))
    } catch (error) {
      log.error({ err: error, credential: credential.id, version: credential.version.id }, 'a secret could not be opened')
      throw new Refusal('credential_unavailable', 'Its secret could not be opened.')
    }
  }

  #known(): { plan: Plan; act: Act; prepared: Prepared; credential: UsableCredential } {
    const plan = this.#plan
    const act = this.#act
    const prepared = this.#prepared
    const credential = this.#credential
    if (plan === undefined || act === undefined || prepared === undefined || credential === undefined)
      throw new Error('a call was used before it was admitted')
    return { plan, act, prepared, credential }
  }

  // ---- undici's handler

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#phase === 'admitted') this.#phase = 'sent'
    else controller.abort(stopped)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#phase === 'over') return
    if (status < 200) {
      this.#interims += 1
      if (this.#interims > interimsMax) this.#fail(new Refusal('upstream_broke', 'It sends interim answers without end.'), 'upstream_error')
      return
    }
    this.#firstByteMs = performance.now()
    this.#status = status
    const refused = refusedStatus(status)
    if (refused !== undefined) {
      this.#fail(refused, 'upstream_error')
      return
    }
    if (this.#phase === 'draining') controller.resume()
    this.#startAnswer(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'over' || this.#relay === undefined) return
    if (!this.#relay.push(chunk) && this.#phase === 'sent') controller.pause()
    if (this.#phase === 'draining' && this.#relay.bytes > drainBytesMax) this.#abandon('client_abort')
  }

  onResponseEnd(): void {
    if (this.#phase === 'over' || this.#relay === undefined) return
    this.#relay.end(this.#onRelayed)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === 'over') return
    if (this.#phase === 'draining') {
      this.#settle('client_abort')
      return
    }
    const cause = this.#upload?.errored
    if (cause instanceof Refusal) {
      this.#fail(cause, 'client_abort')
      return
    }
    if (error instanceof EgressRefused) {
      this.#shared.parts.log.warn({ err: error, resource: this.#plan?.resource.id }, 'an upstream may not be dialled')
      this.#fail(new Refusal('upstream_unreachable', `${error.message}.`), 'upstream_unreachable')
      return
    }
    if (this.#phase === 'admitted') {
      this.#fail(new Refusal('upstream_unreachable'), 'upstream_unreachable')
      return
    }
    const broke =
      this.#status === null
        ? new Refusal('upstream_unreachable', 'It closed the connection before it answered.')
        : new Refusal('upstream_broke')
    this.#fail(broke, this.#status === null ? 'upstream_unreachable' : 'upstream_error')
  }

  // ---- the answer

  #startAnswer(status: number, headers: IncomingHttpHeaders): void {
    const { plan, act, prepared } = this.#known()
    const scrubber = this.#scrubber
    if (scrubber === undefined) return
    const type = String(headers['content-type'] ?? '')
    const streamed = isEventStream(type)
    const own = ['keyward-call-id', this.id]
    if (prepared.outputTokensSet !== undefined) own.push('keyward-max-output-tokens', String(prepared.outputTokensSet))
    const nonce = this.#token?.boundTo === undefined ? undefined : this.#shared.parts.verifier.proofNonce?.()
    if (nonce !== undefined) own.push('dpop-nonce', nonce)
    this.#reader = readerOf(act, type, prepared.stripUsage)
    const headOnly = this.#request.method === 'HEAD' || status === 204 || status === 304
    try {
      this.#relay = new Relay(
        {
          response: this.#response,
          scrubber,
          responseBytesMax: plan.resource.limits.response_bytes ?? limits.gatewayUploadBytesMax,
          own,
          headOnly,
          onDrain: this.#onUpstreamMayGoOn,
          onFail: this.#onRelayFail,
        },
        this.#reader,
        status,
        headers,
        streamed,
      )
      if (this.#phase === 'draining') this.#relay.discard()
      else this.#response.on('drain', this.#onClientDrain)
    } catch (error) {
      this.#onRelayFail(error instanceof Error ? error : new Error('the answer could not be relayed'))
    }
  }

  readonly #onClientDrain = (): void => this.#relay?.drained()
  readonly #onUpstreamMayGoOn = (): void => this.#controller?.resume()
  readonly #onRelayed = (): void => {
    if (this.#phase === 'draining') {
      this.#settle('client_abort')
      return
    }
    this.#settle(this.#status !== null && this.#status >= 400 ? 'upstream_error' : 'ok', true)
  }
  readonly #onRelayFail = (error: Error): void => this.#fail(refusalOf(error) ?? new Refusal('upstream_broke'), 'upstream_error')

  readonly #onClientClose = (): void => {
    if (this.#phase === 'over' || this.#phase === 'draining') return
    if (this.#response.writableFinished && this.#phase === 'sent') return
    if (this.#phase === 'asking') {
      this.#leave()
      return
    }
    if (this.#phase === 'admitted') {
      this.#abandon('client_abort')
      return
    }
    if (this.#act?.llm?.operation.cost !== 'tokens') {
      this.#abandon('client_abort')
      return
    }
    this.#phase = 'draining'
    this.#deadlineMs = Math.min(this.#deadlineMs, performance.now() + drainMsMax)
    this.#relay?.discard()
    this.#controller?.resume()
  }

  // ---- how calls end

  async #failed(error: unknown): Promise<void> {
    const refusal = refusalOf(error)
    if (refusal === undefined) this.#shared.parts.log.error({ err: error, call: this.id }, 'a gateway call failed')
    const why = refusal ?? new Refusal(this.#admitted === undefined ? 'overloaded' : 'upstream_unreachable')
    if (this.#admitted !== undefined) {
      this.#fail(why, why.code === 'upstream_unreachable' ? 'upstream_unreachable' : 'cut')
      return
    }
    if (this.#phase !== 'asking') return
    // A client that is told the nonce repeats its request at once (RFC 9449, section 9): that is no decision, and no entry of the log.
    const recorded = why.code === 'proof_nonce_required' ? undefined : this.#recordRefusal(why.code)
    // A node that can't hear, or can't write, does not make its callers wait for a database that is away: nothing went upstream.
    if (why.code !== 'node_deaf' && why.code !== 'not_recorded') await recorded
    if (this.#phase === 'asking') this.#answerRefusal(why)
  }

  async #recordRefusal(code: GatewayErrorCode): Promise<void> {
    const { journal, log } = this.#shared.parts
    const personal = { ip: this.#request.socket.remoteAddress, userAgent: this.#request.headers['user-agent']?.slice(0, 200) }
    try {
      if (this.#plan !== undefined) {
        const record = this.#record(this.#plan, this.#prepared?.model ?? null)
        await journal.record({ ...record, action: 'gateway.call', decision: 'refused', code, call: this.id, personal })
      } else if (this.#token !== undefined) {
        const { id: token, workload, grant } = this.#token
        const actor = { kind: 'workload', id: workload } as const
        await journal.record({
          action: 'gateway.call',
          decision: 'refused',
          code,
          actor,
          workload,
          token,
          grant,
          call: this.id,
          correlationId: this.id,
          personal,
        })
      } else {
        const actor = { kind: 'anonymous', id: null } as const
        await this.#shared.noise.record({
          action: 'gateway.call',
          decision: 'refused',
          code,
          actor,
          call: this.id,
          correlationId: this.id,
          personal,
        })
      }
    } catch (error) {
      log.warn({ err: error, call: this.id, code }, 'a refusal could not be recorded')
    }
  }

  #answerRefusal(refusal: Refusal): void {
    if (this.#phase === 'over') return
    this.#leave()
    this.#shared.parts.metrics?.refused(refusal.code)
    this.#sendRefusal(refusal)
  }

  #sendRefusal(refusal: Refusal): void {
    if (this.#response.headersSent || this.#response.destroyed) return
    sendRefusal(this.#response, this.#request, this.#protocol, refusal, this.id)
  }

  /** Ends the call with an error: to the client in its protocol, to the upstream by breaking off, to the ledger by the one settle. */
  #fail(refusal: Refusal, outcome: Outcome): void {
    if (this.#phase === 'over') return
    if (this.#phase === 'asking') {
      this.#endedBy = outcome
      this.#recordRefusal(refusal.code).catch(() => undefined)
      this.#answerRefusal(refusal)
      return
    }
    const relay = this.#relay
    this.#abandon(outcome)
    if (!this.#response.headersSent) this.#sendRefusal(refusal)
    else if (relay?.streamed && !this.#response.writableEnded)
      relay.endWith(errorEvent(this.#protocol, { code: refusal.code, detail: refusal.detail, correlationId: this.id }))
    else if (!this.#response.writableFinished) this.#response.destroy()
  }

  /** Settles and breaks off the upstream. */
  #abandon(outcome: Outcome): void {
    const controller = this.#controller
    this.#settle(outcome)
    this.#upload?.destroy()
    this.#relay?.destroy()
    controller?.abort(stopped)
  }

  /** The one terminal transition of an admitted call. */
  #settle(outcome: Outcome, whole = false): void {
    const admitted = this.#admitted
    if (admitted === undefined) {
      this.#leave()
      return
    }
    this.#admitted = undefined
    const { plan, act, prepared, credential } = this.#known()
    const { parts } = this.#shared
    const sent = this.#phase === 'sent' || this.#phase === 'draining'
    const now = performance.now()
    const charge = chargeOf({
      prepared,
      paid: act.llm !== undefined && act.llm.operation.cost !== 'free',
      sent,
      status: this.#status,
      whole: whole || (outcome === 'upstream_error' && this.#relay === undefined),
      usage: this.#reader.usage(),
    })
    const overheadMs = this.#sentMs === undefined ? undefined : this.#sentMs - this.#startedMs
    parts.settlement.settle({
      callId: this.id,
      at: admitted.at,
      held: admitted.held,
      workload: plan.workload.id,
      grant: plan.grant.id,
      token: this.#token?.id,
      resource: plan.resource.id,
      credential: credential.id,
      version: credential.version.id,
      tenant: plan.tenant?.id,
      team: plan.workload.team,
      environment: plan.workload.environment,
      operation: act.operation,
      model: prepared.model ?? undefined,
      outcome,
      status: this.#status ?? undefined,
      streamed: this.#relay?.streamed ?? false,
      usage: charge.usage,
      costNano: charge.costNano,
      estimated: charge.estimated,
      latencyMs: now - this.#startedMs,
      firstByteMs: this.#firstByteMs === undefined ? undefined : this.#firstByteMs - this.#startedMs,
      overheadMs,
    })
    parts.metrics?.ended(plan.resource.kind, outcome, overheadMs)
    this.#leave()
  }

  #leave(): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#scrubber?.destroy()
    this.#scrubber = undefined
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

/** Why undici is told to stop: it asks for an error. */
const stopped = new Error('the gateway ended the call')
