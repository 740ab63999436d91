import { addRange, type ByteSet, digits, emptySet, foldSet, negate, notNewline, setOf, spaces, union, wordBytes } from './byte-set.ts'

/** A pattern's syntax tree: the part of regular expressions that JavaScript and RE2 share and that detectors may use. */
export type PatternNode =
  | { readonly type: 'bytes'; readonly set: ByteSet; readonly literal?: string }
  | { readonly type: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly type: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number }
  | { readonly type: 'assertion' }

export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/**
 * Parses a pattern. Throws `PatternError` at look-around, back-references and what else would not mean the same in both engines.
 */
export function parsePattern(source: string, ignoreCase = false): PatternNode {
  return new Parser(source, ignoreCase).whole()
}

class Parser {
  readonly #source: string
  #ignoreCase: boolean
  #at = 0

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source
    this.#ignoreCase = ignoreCase
  }

  whole(): PatternNode {
    const node = this.#choice()
    if (this.#at < this.#source.length) this.#fail('unmatched `)`')
    return node
  }

  #choice(): PatternNode {
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    return options.length === 1 && options[0] ? options[0] : { type: 'choice', options }
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = []
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') items.push(this.#quantified())
    return { type: 'sequence', items }
  }

  #quantified(): PatternNode {
    const item = this.#atom()
    const range = this.#quantifier()
    if (!range) return item
    if (item.type === 'assertion') this.#fail('a quantifier needs something to repeat')
    this.#take('?')
    if (this.#peek() === '+') this.#fail('possessive quantifiers are not JavaScript')
    return { type: 'repeat', item, min: range[0], max: range[1] }
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const counted = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 16))
    if (!counted) return undefined
    this.#at += counted[0].length
    const min = Number(counted[1])
    const max = counted[2] === '' ? min : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3])
    if (max < min) this.#fail('a quantifier whose end is before its beginning')
    return [min, max]
  }

  #atom(): PatternNode {
    const char = this.#next()
    switch (char) {
      case '(':
        return this.#group()
      case '[':
        return { type: 'bytes', set: this.#fold(this.#class()) }
      case '.':
        return { type: 'bytes', set: notNewline }
      case '^':
      case '$':
        return { type: 'assertion' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        return this.#fail('a quantifier needs something to repeat')
      default:
        return this.#literal(char)
    }
  }

  #group(): PatternNode {
    const before = this.#ignoreCase
    if (this.#take('?')) {
      const rest = this.#source.slice(this.#at)
      const named = /^P?<[A-Za-z_]\w*>/.exec(rest)
      const flagged = /^(i?)(?:-i)?:/.exec(rest)
      if (named) this.#at += named[0].length
      else if (flagged) {
        this.#at += flagged[0].length
        if (flagged[1] === 'i') this.#ignoreCase = true
      } else this.#fail('look-around and inline flags are not allowed')
    }
    const node = this.#choice()
    if (!this.#take(')')) this.#fail('a group that does not end')
    this.#ignoreCase = before
    return node
  }

  #escape(): PatternNode {
    const char = this.#next()
    if (char === 'b' || char === 'B') return { type: 'assertion' }
    const set = classEscape(char)
    if (set) return { type: 'bytes', set }
    return this.#literal(String.fromCharCode(this.#escapedCode(char)))
  }

  #class(): ByteSet {
    const negated = this.#take('^')
    let set = emptySet()
    while (this.#peek() !== ']') {
      if (this.#at >= this.#source.length) this.#fail('a class that does not end')
      const from = this.#classItem()
      if (typeof from !== 'number') {
        set = union(set, from)
        continue
      }
      if (this.#peek() === '-' && this.#source[this.#at + 1] !== ']') {
        this.#at++
        const to = this.#classItem()
        if (typeof to !== 'number' || to < from) this.#fail('a class range that is out of order')
        else addRange(set, from, to)
      } else addRange(set, from, from)
    }
    this.#at++
    return negated ? negate(this.#fold(set)) : set
  }

  #classItem(): number | ByteSet {
    const char = this.#next()
    if (char !== '\\') return char.charCodeAt(0)
    const escaped = this.#next()
    if (escaped === 'b') return 8
    return classEscape(escaped) ?? this.#escapedCode(escaped)
  }

  #escapedCode(char: string): number {
    const control = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }[char]
    if (control !== undefined) return control
    const digitsWanted = char === 'x' ? 2 : char === 'u' ? 4 : 0
    if (digitsWanted > 0) {
      const hex = this.#source.slice(this.#at, this.#at + digitsWanted)
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length < digitsWanted) this.#fail('a broken hexadecimal escape')
      this.#at += digitsWanted
      return Number.parseInt(hex, 16)
    }
    if (/[1-9k]/.test(char)) this.#fail('back-references are not allowed')
    if (/[A-Za-z]/.test(char)) this.#fail(`\\${char} does not mean the same everywhere`)
    return char.charCodeAt(0)
  }

  #literal(char: string): PatternNode {
    return { type: 'bytes', set: this.#fold(setOf(char.charCodeAt(0) & 0xff)), literal: char }
  }

  #fold(set: ByteSet): ByteSet {
    return this.#ignoreCase ? foldSet(set) : set
  }

  #peek(): string | undefined {
    return this.#source[this.#at]
  }

  #next(): string {
    const char = this.#source[this.#at++]
    return char ?? this.#fail('it ends in the middle')
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }

  #fail(reason: string): never {
    throw new PatternError(`${reason}, at character ${this.#at} of ${this.#source}`)
  }
}

function classEscape(char: string): ByteSet | undefined {
  switch (char) {
    case 'd':
      return digits
    case 'D':
      return negate(digits)
    case 'w':
      return wordBytes
    case 'W':
      return negate(wordBytes)
    case 's':
      return spaces
    case 'S':
      return negate(spaces)
    default:
      return undefined
  }
}
