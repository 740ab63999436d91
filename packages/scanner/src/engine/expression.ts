import type { CompiledDetector } from '../compiled-detector.ts'

/** A match in a text: where it is, and where its secret is. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly secretStart: number
  readonly secretEnd: number
}

/** A detector's pattern, ready to run. */
export interface Expression {
  /** The match that begins exactly at `at`. */
  at(text: string, at: number): Span | undefined
  /** The first match that begins at `from` or later. */
  after(text: string, from: number): Span | undefined
}

/** What users' detectors need besides; `user-rules.ts` has it, and is loaded only where there is such a detector. */
export interface UserRules {
  expression(detector: CompiledDetector): Expression
  /** Whether the rule's own path condition and allow-lists say that the match is none. */
  excuses(detector: CompiledDetector, match: { readonly secret: string; readonly line: string; readonly path: string }): boolean
}

/** JavaScript's own engine: fast, and safe for patterns that `pattern/linear.ts` has passed. */
export class BacktrackingExpression implements Expression {
  readonly #sticky: RegExp
  readonly #global: RegExp
  readonly #exact: RegExp

  constructor(detector: CompiledDetector) {
    const flags = detector.ignoreCase ? 'i' : ''
    this.#sticky = new RegExp(detector.pattern, `y${flags}`)
    this.#global = new RegExp(detector.pattern, `g${flags}`)
    this.#exact = new RegExp(detector.pattern, `dy${flags}`)
  }

  at(text: string, at: number): Span | undefined {
    this.#sticky.lastIndex = at
    return this.#sticky.test(text) ? this.#spanAt(text, at) : undefined
  }

  after(text: string, from: number): Span | undefined {
    this.#global.lastIndex = from
    const found = this.#global.exec(text)
    return found ? this.#spanAt(text, found.index) : undefined
  }

  #spanAt(text: string, at: number): Span | undefined {
    this.#exact.lastIndex = at
    const indices = this.#exact.exec(text)?.indices
    const whole = indices?.[0]
    if (!indices || !whole) return undefined
    const [secretStart, secretEnd] = indices.groups?.secret ?? indices[1] ?? whole
    return { start: whole[0], end: whole[1], secretStart, secretEnd }
  }
}
