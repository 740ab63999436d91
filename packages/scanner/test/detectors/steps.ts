import { type PatternNode, parsePattern } from '../../src/pattern/parse.ts'

/**
 * Runs a pattern as a backtracking engine does, greedy and from every position, and counts each character comparison: a clock that does
 * not depend on the machine. Assertions are taken as true, which only adds steps.
 */
export class StepCounter {
  readonly #tree: PatternNode
  #text = ''
  #steps = 0

  constructor(pattern: string, ignoreCase = false) {
    this.#tree = parsePattern(pattern, ignoreCase)
  }

  /** Steps of finding all matches one after the other. */
  searchAll(text: string): number {
    this.#text = text
    this.#steps = 0
    let from = 0
    while (from < text.length) {
      let end = -1
      const matched = this.#match(this.#tree, from, (at) => {
        end = at
        return true
      })
      from = matched && end > from ? end : from + 1
    }
    return this.#steps
  }

  #match(node: PatternNode, at: number, next: (at: number) => boolean): boolean {
    switch (node.type) {
      case 'assertion':
        return next(at)
      case 'bytes':
        this.#steps++
        return at < this.#text.length && node.set[this.#text.charCodeAt(at) & 255] === 1 && next(at + 1)
      case 'sequence':
        return this.#sequence(node.items, 0, at, next)
      case 'choice':
        return node.options.some((option) => this.#match(option, at, next))
      case 'repeat':
        return node.item.type === 'bytes' ? this.#run(node, node.item.set, at, next) : this.#repeat(node, 0, at, next)
    }
  }

  #sequence(items: readonly PatternNode[], index: number, at: number, next: (at: number) => boolean): boolean {
    const item = items[index]
    return item === undefined ? next(at) : this.#match(item, at, (then) => this.#sequence(items, index + 1, then, next))
  }

  /** A repeated class without recursion: as far as it goes, then back one by one. */
  #run(node: Extract<PatternNode, { type: 'repeat' }>, set: Uint8Array, at: number, next: (at: number) => boolean): boolean {
    let end = at
    while (end < this.#text.length && end - at < node.max && set[this.#text.charCodeAt(end) & 255] === 1) {
      this.#steps++
      end++
    }
    for (; end - at >= node.min; end--) {
      this.#steps++
      if (next(end)) return true
    }
    return false
  }

  #repeat(node: Extract<PatternNode, { type: 'repeat' }>, done: number, at: number, next: (at: number) => boolean): boolean {
    if (done < node.max && this.#match(node.item, at, (then) => then > at && this.#repeat(node, done + 1, then, next))) return true
    return done >= node.min && next(at)
  }
}
