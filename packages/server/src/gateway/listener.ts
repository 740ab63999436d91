import type { IncomingMessage, ServerResponse } from 'node:http'
import { NoiseJournal } from '../audit/noise.ts'
import { Call } from './call.ts'
import { turnedAway } from './door.ts'
import { protocolOfRequest } from './error-shape.ts'
import { PlanCache } from './plan-cache.ts'
import { Refusal } from './refusal.ts'
import { sendRefusal, sendTurned } from './refuse.ts'
import type { Change, GatewayParts, GatewaySettings } from './seams.ts'
import type { Shared } from './shared.ts'
import { parseTarget } from './target.ts'

/** How often the clocks of running calls are looked at: the accuracy of timeouts and of the end of a token in a stream. */
const tickMs = 100
/** An admission answers within five seconds, also where the database is away (policy/admission.ts). */
const admissionMsMax = 6_000

export interface Gateway {
  /** Takes a request whose path begins with `/g/`. */
  handle(request: IncomingMessage, response: ServerResponse): void
  readonly inFlight: number
  /** How many running calls the revocation of this object would cut (token, identity, grant, workload, tenant, credential). */
  concerned(subject: string): number
  /**
   * Takes no more calls; waits until the running ones have ended, at most `deadlineMs`, then cuts them. When it resolves nothing will be
   * settled any more: a call that was cut, or whose client left, while its admission was under way is waited for.
   */
  drain(deadlineMs: number): Promise<void>
}

/** The hot path. It holds no policy of its own: it asks `policy/` and enforces. */
export function createGateway(parts: GatewayParts, settings: GatewaySettings): Gateway {
  return new Listener(parts, settings)
}

class Listener implements Gateway, Shared {
  readonly parts: GatewayParts
  readonly settings: GatewaySettings
  readonly plans: PlanCache
  readonly noise: NoiseJournal
  readonly running = new Map<string, number>()
  readonly #calls = new Set<Call>()
  readonly #unsubscribe: readonly (() => void)[]
  readonly #timer: NodeJS.Timeout
  /** Calls that are not yet on their way or refused, those among them that have ended already included. */
  #asking = 0
  #closing = false
  #onIdle: (() => void) | undefined

  constructor(parts: GatewayParts, settings: GatewaySettings) {
    this.parts = parts
    this.settings = settings
    this.plans = new PlanCache(parts.loadPlan, parts.feed)
    this.noise = new NoiseJournal({ action: 'gateway.call', journal: parts.journal, log: parts.log })
    this.#unsubscribe = [
      parts.feed.on((change) => this.#heard(change)),
      parts.feed.onDeaf((deaf) => {
        if (deaf) for (const call of this.#calls) call.cut('node_deaf')
      }),
    ]
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#timer.unref()
  }

  get inFlight(): number {
    return this.#calls.size
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const turned = turnedAway(request.method ?? '', request.headers, this.settings)
    if (turned !== undefined) {
      sendTurned(response, request, turned)
      return
    }
    const target = parseTarget(request.url ?? '')
    if (target === undefined) {
      sendTurned(response, request, {
        status: 400,
        title: 'This address could mean more than one thing, or nothing. Write it plainly: /g/NAME/PATH.',
      })
      return
    }
    if (this.#closing || this.#calls.size >= this.settings.inFlightMax) {
      const refusal = new Refusal('overloaded', undefined, 1)
      sendRefusal(response, request, protocolOfRequest(target.path, request.headers), refusal, this.parts.newCallId())
      return
    }
    const call = new Call(this, request, response, target)
    this.#calls.add(call)
    this.#asking += 1
    call.run().then(this.#asked, (error: unknown) => {
      this.parts.log.error({ err: error }, 'a gateway call failed beyond its own handling')
      this.#asked()
    })
  }

  readonly #asked = (): void => {
    this.#asking -= 1
    if (this.#idle) this.#onIdle?.()
  }

  left(call: Call): void {
    this.#calls.delete(call)
    if (this.#idle) this.#onIdle?.()
  }

  get #idle(): boolean {
    return this.#calls.size === 0 && this.#asking === 0
  }

  concerned(subject: string): number {
    let count = 0
    for (const call of this.#calls) if (call.concerns(subject)) count += 1
    return count
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#closing = true
    await this.#untilIdle(deadlineMs)
    for (const call of this.#calls) call.cut('overloaded', 'This node is stopping.')
    await this.#untilIdle(admissionMsMax)
    clearInterval(this.#timer)
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.plans.close()
    await this.noise.flush()
  }

  async #untilIdle(msMax: number): Promise<void> {
    if (this.#idle) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onIdle = resolve
    const timer = setTimeout(resolve, msMax)
    await promise
    clearTimeout(timer)
  }

  #tick(): void {
    if (this.#calls.size === 0) return
    const now = performance.now()
    for (const call of this.#calls) call.tick(now)
  }

  #heard(change: Change): void {
    if (this.#calls.size === 0) return
    if (change.op === 'revoked') {
      for (const call of this.#calls) if (call.concerns(change.subject)) call.cut('cut')
      return
    }
    const grants = new Map<string, Call[]>()
    for (const call of this.#calls) {
      const { grant } = call
      if (grant === undefined || (change.op === 'changed' && !call.concerns(change.subject))) continue
      const calls = grants.get(grant)
      if (calls === undefined) grants.set(grant, [call])
      else calls.push(call)
    }
    for (const [grant, calls] of grants) this.#recheck(grant, calls)
  }

  /** Something that running calls stand on has changed: they go on only where a call made now would be let through. */
  async #recheck(grant: string, calls: readonly Call[]): Promise<void> {
    try {
      const plan = await this.plans.get(grant)
      for (const call of calls) call.recheck(plan)
    } catch (error) {
      this.parts.log.warn({ err: error, grant }, 'running calls could not be checked against a change and were cut')
      for (const call of calls) call.cut('cut')
    }
  }
}
