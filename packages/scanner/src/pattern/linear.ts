import { type ByteSet, emptySet, intersects, union } from './byte-set.ts'
import { type PatternNode, parsePattern } from './parse.ts'

/**
 * The most ways in which one start position may be tried. A pattern whose choices are all told apart by the next byte has one; each
 * bounded repetition that could also stop early multiplies it by its range.
 */
export const backtracksMax = 40_000

/**
 * Why a backtracking engine could become slow on the pattern, or undefined where it can't: from each start position at most
 * `backtracksMax` ways are tried. Unbounded repetition must be told from what follows it by the next byte.
 */
export function slowness(source: string, ignoreCase = false): string | undefined {
  const walk = new Walk()
  walk.visit(parsePattern(source, ignoreCase), { set: emptySet(), empty: true })
  if (walk.problem) return walk.problem
  return walk.ways > backtracksMax ? `about ${walk.ways} ways to try at one position, at most ${backtracksMax} are allowed` : undefined
}

/** What may come next: bytes, and whether the pattern may simply end there. */
interface Follow {
  readonly set: ByteSet
  readonly empty: boolean
}

class Walk {
  ways = 1
  problem: string | undefined

  visit(node: PatternNode, follow: Follow): void {
    switch (node.type) {
      case 'bytes':
      case 'assertion':
        return
      case 'sequence': {
        let next = follow
        for (let index = node.items.length - 1; index >= 0; index--) {
          const item = node.items[index]
          if (!item) continue
          this.visit(item, next)
          next = chain(first(item), next)
        }
        return
      }
      case 'choice':
        this.#choice(node.options, follow)
        return
      case 'repeat':
        this.#repeat(node, follow)
    }
  }

  #choice(options: readonly PatternNode[], follow: Follow): void {
    const before = this.ways
    let most = 1
    let overlapping = 1
    let seen = emptySet()
    for (const option of options) {
      const own = chain(first(option), follow)
      if (intersects(own.set, seen)) overlapping++
      seen = union(seen, own.set)
      this.ways = 1
      this.visit(option, follow)
      most = Math.max(most, this.ways)
    }
    this.ways = before * most * overlapping
  }

  #repeat(node: Extract<PatternNode, { type: 'repeat' }>, follow: Follow): void {
    if (node.max === 0) return
    const own = first(node.item)
    const before = this.ways
    this.ways = 1
    this.visit(node.item, node.max > 1 ? { set: union(follow.set, own.set), empty: follow.empty } : follow)
    const inside = this.ways
    this.ways = before
    if (node.max > 1 && own.empty) this.#report('a repetition of what may be empty')
    if (inside > 1 && node.max > 1) {
      if (node.max > 8) this.#report('an ambiguous part under a repetition')
      else this.ways *= inside ** node.max
    } else this.ways *= inside
    if (node.min === node.max) return
    const ambiguous = intersects(own.set, follow.set)
    if (!ambiguous) return
    if (node.max === Number.POSITIVE_INFINITY) this.#report('an unbounded repetition that also matches what follows it')
    else this.ways *= node.max - node.min + 1
  }

  #report(problem: string): void {
    this.problem ??= problem
  }
}

function first(node: PatternNode): Follow {
  switch (node.type) {
    case 'bytes':
      return { set: node.set, empty: false }
    case 'assertion':
      return { set: emptySet(), empty: true }
    case 'sequence':
      return node.items.reduceRight<Follow>((next, item) => chain(first(item), next), { set: emptySet(), empty: true })
    case 'choice':
      return node.options.map(first).reduce((all, next) => ({ set: union(all.set, next.set), empty: all.empty || next.empty }))
    case 'repeat': {
      const item = first(node.item)
      return { set: item.set, empty: item.empty || node.min === 0 }
    }
  }
}

function chain(head: Follow, tail: Follow): Follow {
  return head.empty ? { set: union(head.set, tail.set), empty: tail.empty } : head
}
