import { type Plan, planHas } from './plan.ts'
import { Refusal } from './refusal.ts'
import type { Change, Feed, GatewayParts } from './seams.ts'

/** Plans kept: a busy installation's live grants; each holds a few kilobytes of sealed text. */
const plansMax = 10_000
/** A load that changes overtake is made anew; this many in a row mean that the feed is flooding. */
const loadsMax = 5

/** Kinds of change that touch what a plan holds. */
const planKinds = new Set(['credential', 'grant', 'workload', 'tenant', 'resource', 'owner', 'environment'])

interface Loading {
  stale: boolean
  promise: Promise<Plan | undefined>
}

/**
 * Plans by grant. Filled from the database, emptied by the feed; nothing is ever written back. A load that began before a change was heard
 * is not stored and not used: it may have read what was true before.
 */
export class PlanCache {
  readonly #plans = new Map<string, Plan>()
  readonly #loading = new Map<string, Loading>()
  readonly #load: GatewayParts['loadPlan']
  readonly #unsubscribe: readonly (() => void)[]

  constructor(load: GatewayParts['loadPlan'], feed: Feed) {
    this.#load = load
    this.#unsubscribe = [feed.on((change) => this.#heard(change)), feed.onDeaf(() => this.#forget())]
  }

  /** The plan of a grant: at once where it is known. Undefined: no such grant. Rejects where the database can't be asked. */
  get(grant: string): Plan | Promise<Plan | undefined> {
    const known = this.#plans.get(grant)
    if (known !== undefined) return known
    return this.#fresh(grant)
  }

  get size(): number {
    return this.#plans.size
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  async #fresh(grant: string): Promise<Plan | undefined> {
    for (let loads = 0; loads < loadsMax; loads++) {
      const loading = this.#loading.get(grant) ?? this.#begin(grant)
      const plan = await loading.promise
      if (loading.stale) continue
      if (plan !== undefined) this.#store(grant, plan)
      return plan
    }
    throw new Refusal('overloaded')
  }

  #begin(grant: string): Loading {
    const loading: Loading = { stale: false, promise: this.#load(grant) }
    this.#loading.set(grant, loading)
    const done = () => {
      if (this.#loading.get(grant) === loading) this.#loading.delete(grant)
    }
    loading.promise.then(done, done)
    return loading
  }

  #store(grant: string, plan: Plan): void {
    if (this.#plans.size >= plansMax && !this.#plans.has(grant)) {
      const [oldest] = this.#plans.keys()
      if (oldest !== undefined) this.#plans.delete(oldest)
    }
    this.#plans.set(grant, plan)
  }

  #heard(change: Change): void {
    if (change.op === 'reset') {
      this.#forget()
      return
    }
    if (!planKinds.has(change.kind)) return
    for (const [grant, loading] of this.#loading) {
      loading.stale = true
      this.#loading.delete(grant)
    }
    if (change.kind === 'owner' || change.kind === 'environment') this.#plans.clear()
    else if (change.kind === 'grant') this.#plans.delete(change.subject)
    else for (const [grant, plan] of this.#plans) if (planHas(plan, change.subject)) this.#plans.delete(grant)
  }

  #forget(): void {
    this.#plans.clear()
    for (const loading of this.#loading.values()) loading.stale = true
    this.#loading.clear()
  }
}
