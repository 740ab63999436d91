import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { limits } from '@keyward/contract/limits'
import type { Dispatcher } from 'undici'
import { EgressRefused } from '../egress/errors.ts'
import type { Admitted, Outcome } from '../policy/call.ts'
import { type AnswerReader, noReader } from './answer-reader.ts'
import type { UsableCredential } from './authorise.ts'
import { chargeOf } from './call-cost.ts'
import { callSeconds, isEventStream, readerOf, refusedStatus } from './call-rules.ts'
import { errorEvent, type Protocol } from './error-shape.ts'
import { currentCredential, openSecret } from './lend.ts'
import { outboundHeaders } from './outbound.ts'
import type { Plan } from './plan.ts'
import type { Act, Prepared } from './prepare.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { sendRefusal } from './refuse.ts'
import { Relay } from './relay.ts'
import type { Upload } from './request-body.ts'
import { Scrubber } from './scrub/scrubber.ts'
import type { VerifiedToken } from './seams.ts'
import type { Shared } from './shared.ts'
import type { Target } from './target.ts'

/** A client that left: its answer is read on for so long, or so many bytes, to learn what it cost; then the upstream is cut off. */
const drainMsMax = 10_000
const drainBytesMax = 1_048_576
/** Interim answers (1xx) mean nothing here; a server sends a few at most. */
const interimsMax = 16

/** A call that was let through: all that was asked and decided. */
export interface AdmittedCall {
  readonly id: string
  readonly startedMs: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target
  readonly protocol: Protocol
  readonly token: VerifiedToken
  readonly plan: Plan
  readonly credential: UsableCredential
  readonly act: Act
  readonly prepared: Prepared
  /** A body that is passed through; undefined where it is in `prepared` or there is none. */
  readonly upload: Upload | undefined
  readonly admitted: Admitted
}

/**
 * What happens between an admitted call and its upstream. It is settled exactly once, whatever happens:
 *
 *   admitted  recorded and reserved; nothing has left.
 *   sent      the request is on its way; bytes may have reached the upstream.
 *   draining  the client left; the answer is read for its usage, within bounds.
 *   over      settled; nothing may be written any more.
 *
 * It is undici's handler itself, so that no closure is made for a call. Nothing here is retried: a vendor's SDK that tries again makes a new
 * call, and each attempt that reached the upstream is charged once.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #shared: Shared
  readonly #call: AdmittedCall
  readonly #onOver: () => void
  #phase: 'admitted' | 'sent' | 'draining' | 'over' = 'admitted'
  #credential: UsableCredential
  #scrubber: Scrubber | undefined
  #controller: Dispatcher.DispatchController | undefined
  #relay: Relay | undefined
  #reader: AnswerReader = noReader
  #status: number | null = null
  #sentMs: number | undefined
  #firstByteMs: number | undefined
  #deadlineMs = Number.POSITIVE_INFINITY
  #firstByteDeadlineMs = Number.POSITIVE_INFINITY
  #interims = 0

  /** `onOver` is called once, when it is settled. */
  constructor(shared: Shared, call: AdmittedCall, onOver: () => void) {
    this.#shared = shared
    this.#call = call
    this.#credential = call.credential
    this.#onOver = onOver
  }

  /** Opens the secret and sends the call. @throws Refusal, or an error of the transport: then `fail` ends the call */
  async send(): Promise<void> {
    const { parts, settings } = this.#shared
    const { plan, prepared, request, target, upload } = this.#call
    if (parts.feed.deaf) throw new Refusal('node_deaf')
    this.#credential = await currentCredential(this.#shared, plan, this.#call.credential)
    const secret = await openSecret(parts, this.#credential)
    if (this.#phase !== 'admitted') return secret.destroy()
    const headers = outboundHeaders(request, plan.resource.injection, secret, settings.viaName)
    this.#scrubber = secret.useBytes((bytes) => new Scrubber(bytes))
    secret.destroy()
    const length = request.headers['content-length']
    if (upload !== undefined && length !== undefined) headers.push('content-length', length)
    const now = performance.now()
    this.#deadlineMs = now + callSeconds(plan) * 1000
    this.#firstByteDeadlineMs = now + (plan.resource.limits.first_byte_seconds ?? limits.callSecondsMax) * 1000
    this.#sentMs = now
    parts.egress.upstream(plan.resource.origin, { allowPrivate: plan.resource.allowPrivate }).dispatch(
      {
        path: `${plan.resource.basePath}${target.path}${target.query}`,
        method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
        headers,
        body: upload ?? prepared.body,
      },
      this,
    )
  }

  /** Looks at the clocks. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (this.#phase === 'over') return
    if (nowMs >= this.#deadlineMs) {
      if (this.#phase === 'draining') this.abandon('client_abort')
      else this.fail(new Refusal('upstream_timeout'), 'timeout')
      return
    }
    if (nowMs >= this.#firstByteDeadlineMs && this.#firstByteMs === undefined) {
      this.fail(new Refusal('upstream_timeout'), 'timeout')
      return
    }
    if (this.#relay?.streamed) this.#checkEnds()
  }

  /** A stream ends with its token and its grant. */
  #checkEnds(): void {
    const { plan, token } = this.#call
    const now = this.#shared.parts.feed.nowMs()
    const grantEnded = plan.grant.expiresAtMs !== null && plan.grant.expiresAtMs <= now
    if (grantEnded || (!plan.grant.streamsOutliveToken && token.expiresAtMs <= now)) this.fail(new Refusal('token_ended'), 'cut')
  }

  /** The client's connection has ended. */
  clientLeft(): void {
    if (this.#phase === 'over' || this.#phase === 'draining') return
    if (this.#call.response.writableFinished && this.#phase === 'sent') return
    if (this.#phase === 'admitted' || this.#call.act.llm?.operation.cost !== 'tokens') {
      this.abandon('client_abort')
      return
    }
    this.#phase = 'draining'
    this.#deadlineMs = Math.min(this.#deadlineMs, performance.now() + drainMsMax)
    this.#relay?.discard()
    this.#controller?.resume()
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
      if (this.#interims > interimsMax) this.fail(new Refusal('upstream_broke', 'It sends interim answers without end.'), 'upstream_error')
      return
    }
    this.#firstByteMs = performance.now()
    this.#status = status
    const refused = refusedStatus(status)
    if (refused !== undefined) {
      this.fail(refused, 'upstream_error')
      return
    }
    if (this.#phase === 'draining') controller.resume()
    this.#startAnswer(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'over' || this.#relay === undefined) return
    if (!this.#relay.push(chunk) && this.#phase === 'sent') controller.pause()
    if (this.#phase === 'draining' && this.#relay.bytes > drainBytesMax) this.abandon('client_abort')
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
    const cause = this.#call.upload?.errored
    if (cause instanceof Refusal) {
      this.fail(cause, 'client_abort')
      return
    }
    if (error instanceof EgressRefused) {
      this.#shared.parts.log.warn({ err: error, resource: this.#call.plan.resource.id }, 'an upstream may not be dialled')
      this.fail(new Refusal('upstream_unreachable', `${error.message}.`), 'upstream_unreachable')
      return
    }
    if (this.#phase === 'admitted') {
      this.fail(new Refusal('upstream_unreachable'), 'upstream_unreachable')
      return
    }
    const broke =
      this.#status === null
        ? new Refusal('upstream_unreachable', 'It closed the connection before it answered.')
        : new Refusal('upstream_broke')
    this.fail(broke, this.#status === null ? 'upstream_unreachable' : 'upstream_error')
  }

  // ---- the answer

  #startAnswer(status: number, headers: IncomingHttpHeaders): void {
    const { id, plan, act, prepared, token, request, response } = this.#call
    const scrubber = this.#scrubber
    if (scrubber === undefined) return
    const type = String(headers['content-type'] ?? '')
    const own = ['keyward-call-id', id]
    if (prepared.outputTokensSet !== undefined) own.push('keyward-max-output-tokens', String(prepared.outputTokensSet))
    const nonce = token.boundTo === undefined ? undefined : this.#shared.parts.verifier.proofNonce?.()
    if (nonce !== undefined) own.push('dpop-nonce', nonce)
    this.#reader = readerOf(act, type, prepared.stripUsage)
    try {
      this.#relay = new Relay(
        {
          response,
          scrubber,
          responseBytesMax: plan.resource.limits.response_bytes ?? limits.gatewayUploadBytesMax,
          own,
          headOnly: request.method === 'HEAD' || status === 204 || status === 304,
          onDrain: this.#onUpstreamMayGoOn,
          onFail: this.#onRelayFail,
        },
        this.#reader,
        status,
        headers,
        isEventStream(type),
      )
      if (this.#phase === 'draining') this.#relay.discard()
      else response.on('drain', this.#onClientDrain)
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
  readonly #onRelayFail = (error: Error): void => this.fail(refusalOf(error) ?? new Refusal('upstream_broke'), 'upstream_error')

  // ---- how it ends

  /** Ends the call with an error: to the client in its protocol, to the upstream by breaking off, to the ledger by the one settle. */
  fail(refusal: Refusal, outcome: Outcome): void {
    if (this.#phase === 'over') return
    const { id, request, response, protocol } = this.#call
    const relay = this.#relay
    this.abandon(outcome)
    if (!response.headersSent) {
      if (!response.destroyed) sendRefusal(response, request, protocol, refusal, id)
    } else if (relay?.streamed && !response.writableEnded)
      relay.endWith(errorEvent(protocol, { code: refusal.code, detail: refusal.detail, correlationId: id }))
    else if (!response.writableFinished) response.destroy()
  }

  /** Settles and breaks off the upstream. */
  abandon(outcome: Outcome): void {
    if (this.#phase === 'over') return
    const controller = this.#controller
    this.#settle(outcome)
    this.#call.upload?.destroy()
    this.#relay?.destroy()
    controller?.abort(stopped)
  }

  /** The one terminal transition. */
  #settle(outcome: Outcome, whole = false): void {
    if (this.#phase === 'over') return
    const sent = this.#phase !== 'admitted'
    this.#phase = 'over'
    const { id, plan, act, prepared, token, startedMs, admitted } = this.#call
    const { parts } = this.#shared
    const charge = chargeOf({
      prepared,
      paid: act.llm !== undefined && act.llm.operation.cost !== 'free',
      sent,
      status: this.#status,
      whole: whole || (outcome === 'upstream_error' && this.#relay === undefined),
      usage: this.#reader.usage(),
    })
    const overheadMs = this.#sentMs === undefined ? undefined : this.#sentMs - startedMs
    parts.settlement.settle({
      callId: id,
      at: admitted.at,
      held: admitted.held,
      workload: plan.workload.id,
      grant: plan.grant.id,
      token: token.id,
      resource: plan.resource.id,
      credential: this.#credential.id,
      version: this.#credential.version.id,
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
      latencyMs: performance.now() - startedMs,
      firstByteMs: this.#firstByteMs === undefined ? undefined : this.#firstByteMs - startedMs,
      overheadMs,
    })
    parts.metrics?.ended(plan.resource.kind, outcome, overheadMs)
    this.#scrubber?.destroy()
    this.#scrubber = undefined
    this.#onOver()
  }
}

/** Why undici is told to stop: it asks for an error. */
const stopped = new Error('the gateway ended the call')
