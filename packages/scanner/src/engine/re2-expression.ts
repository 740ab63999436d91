import { RE2JS } from 're2js'
import type { CompiledDetector } from '../compiled-detector.ts'
import type { Expression, Span } from './expression.ts'

/** RE2's way: no input can make it slow, whatever a user's pattern says. */
export class AutomatonExpression implements Expression {
  readonly #pattern: RE2JS
  readonly #group: string | number

  constructor(detector: CompiledDetector) {
    this.#pattern = RE2JS.compile(detector.pattern.replaceAll('(?<', '(?P<'), detector.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    this.#group = detector.pattern.includes('<secret>') ? 'secret' : this.#pattern.groupCount() > 0 ? 1 : 0
  }

  at(text: string, at: number): Span | undefined {
    const span = this.after(text, at)
    return span?.start === at ? span : undefined
  }

  after(text: string, from: number): Span | undefined {
    const matcher = this.#pattern.matcher(text)
    if (!matcher.find(from)) return undefined
    const own = matcher.start(this.#group) >= 0
    return {
      start: matcher.start(),
      end: matcher.end(),
      secretStart: own ? matcher.start(this.#group) : matcher.start(),
      secretEnd: own ? matcher.end(this.#group) : matcher.end(),
    }
  }
}
