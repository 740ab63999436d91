import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'

/** One customer project at the vendor: its keys share these limits. Mutable: a test sets what it needs. */
export interface Project {
  readonly name: string
  /** True: every call is refused for want of money, as a vendor does when the credit is used up. */
  quotaExhausted: boolean
  requestsPerMinuteMax: number
  tokensPerMinuteMax: number
  /** The running minute, by the fake's clock. */
  window: { startedMs: number; requests: number; tokens: number }
}

export interface LiveKey {
  readonly id: string
  readonly secret: string
  readonly project: Project
  disabled: boolean
  /** Wall clock; a key made known late (a vendor's slow propagation) is refused before. */
  aliveFromMs: number
  /** Wall clock; a key that was deleted keeps working until here. */
  diesAtMs: number
}

export type Verdict = { state: 'alive'; key: LiveKey } | { state: 'unknown' } | { state: 'dead'; key: LiveKey }

/** The keys that a fake vendor honours. */
export class Keys {
  readonly #clock: Clock
  readonly #bySecret = new Map<string, LiveKey>()
  readonly #projects = new Map<string, Project>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Makes `secret` a key of the vendor. `id` defaults to `key_` and the first twelve hex digits of the secret's SHA-256.
   * `aliveAfterMs` and `dieAfterMs` count from now.
   */
  add(secret: string, options: { id?: string; project?: string; aliveAfterMs?: number; dieAfterMs?: number } = {}): LiveKey {
    const nowMs = this.#clock.wallMs()
    const key: LiveKey = {
      id: options.id ?? `key_${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`,
      secret,
      project: this.project(options.project ?? 'default'),
      disabled: false,
      aliveFromMs: nowMs + (options.aliveAfterMs ?? 0),
      diesAtMs: options.dieAfterMs === undefined ? Number.POSITIVE_INFINITY : nowMs + options.dieAfterMs,
    }
    this.#bySecret.set(secret, key)
    return key
  }

  disable(secret: string): void {
    this.#known(secret).disabled = true
  }

  enable(secret: string): void {
    this.#known(secret).disabled = false
  }

  /** The key keeps working for `delayMs`, then never again. */
  dieAfter(secret: string, delayMs: number): void {
    this.#known(secret).diesAtMs = this.#clock.wallMs() + delayMs
  }

  /** Forgets the key: it is as any unknown string. */
  remove(secret: string): void {
    this.#bySecret.delete(secret)
  }

  check(secret: string): Verdict {
    const key = this.#bySecret.get(secret)
    if (!key) return { state: 'unknown' }
    const nowMs = this.#clock.wallMs()
    return !key.disabled && nowMs >= key.aliveFromMs && nowMs < key.diesAtMs ? { state: 'alive', key } : { state: 'dead', key }
  }

  project(name: string): Project {
    const known = this.#projects.get(name)
    if (known) return known
    const made: Project = {
      name,
      quotaExhausted: false,
      requestsPerMinuteMax: 10_000,
      tokensPerMinuteMax: 30_000_000,
      window: { startedMs: this.#clock.wallMs(), requests: 0, tokens: 0 },
    }
    this.#projects.set(name, made)
    return made
  }

  all(): LiveKey[] {
    return [...this.#bySecret.values()]
  }

  #known(secret: string): LiveKey {
    const key = this.#bySecret.get(secret)
    if (!key) throw new Error('this fake never issued that key: add() it first')
    return key
  }
}

const windowMs = 60_000

/** Counts one request of `tokens` tokens against the project's minute. False: it is over, and was not counted. */
export function countRequest(project: Project, tokens: number, nowMs: number): boolean {
  if (nowMs - project.window.startedMs >= windowMs || nowMs < project.window.startedMs)
    project.window = { startedMs: nowMs, requests: 0, tokens: 0 }
  const { window } = project
  if (window.requests + 1 > project.requestsPerMinuteMax || window.tokens + tokens > project.tokensPerMinuteMax) return false
  window.requests += 1
  window.tokens += tokens
  return true
}

/** Milliseconds until the project's minute begins anew. */
export function windowLeftMs(project: Project, nowMs: number): number {
  return Math.max(0, Math.min(windowMs, project.window.startedMs + windowMs - nowMs))
}
