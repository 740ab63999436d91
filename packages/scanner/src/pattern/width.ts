import type { PatternNode } from './parse.ts'

/** How many bytes a match of the node can be long. `max` may be infinite. */
export interface Width {
  readonly min: number
  readonly max: number
}

export function widthOf(node: PatternNode): Width {
  switch (node.type) {
    case 'bytes':
      return { min: 1, max: 1 }
    case 'assertion':
      return { min: 0, max: 0 }
    case 'sequence':
      return node.items.map(widthOf).reduce((sum, next) => ({ min: sum.min + next.min, max: sum.max + next.max }), { min: 0, max: 0 })
    case 'choice':
      return node.options.map(widthOf).reduce((all, next) => ({ min: Math.min(all.min, next.min), max: Math.max(all.max, next.max) }))
    case 'repeat': {
      const item = widthOf(node.item)
      return { min: item.min * node.min, max: item.max === 0 || node.max === 0 ? 0 : item.max * node.max }
    }
  }
}

/**
 * How far into a match each of the keywords can begin, where the pattern's own literals show it: `undefined` for a keyword that isn't
 * found among them (then it may stand anywhere in the match or in its context).
 */
export function keywordOffset(pattern: PatternNode, keyword: string): Width | undefined {
  const wanted = keyword.toLowerCase()
  let all: Width | undefined
  for (const path of literalPaths(pattern)) {
    const found = offsetIn(path, wanted)
    if (found) all = all ? { min: Math.min(all.min, found.min), max: Math.max(all.max, found.max) } : found
  }
  return all
}

type Piece = { readonly literal: string } | { readonly width: Width }
const literalPathsMax = 256

function offsetIn(path: readonly Piece[], wanted: string): Width | undefined {
  let before: Width = { min: 0, max: 0 }
  let literal = ''
  for (const piece of [...path, { width: { min: 0, max: 0 } }]) {
    if ('literal' in piece) {
      literal += piece.literal.toLowerCase()
      continue
    }
    const at = literal.indexOf(wanted)
    if (at >= 0) return { min: before.min + at, max: before.max + at }
    before = { min: before.min + literal.length + piece.width.min, max: before.max + literal.length + piece.width.max }
    literal = ''
  }
  return undefined
}

/** The pattern as alternative rows of literals and gaps; choices are unfolded while that stays small. */
function literalPaths(node: PatternNode): readonly (readonly Piece[])[] {
  switch (node.type) {
    case 'bytes': {
      const few = smallSet(node.set)
      if (node.literal !== undefined) return [[{ literal: node.literal }]]
      return few ? few.map((char) => [{ literal: char }]) : [[{ width: { min: 1, max: 1 } }]]
    }
    case 'assertion':
      return [[]]
    case 'choice': {
      const paths = node.options.flatMap(literalPaths)
      return paths.length <= literalPathsMax ? paths : [[{ width: widthOf(node) }]]
    }
    case 'repeat': {
      if (node.min === 1 && node.max === 1) return literalPaths(node.item)
      if (node.min === 0 && node.max === 1) {
        const paths = [[], ...literalPaths(node.item)]
        return paths.length <= literalPathsMax ? paths : [[{ width: widthOf(node) }]]
      }
      return [[{ width: widthOf(node) }]]
    }
    case 'sequence': {
      let paths: readonly (readonly Piece[])[] = [[]]
      for (const item of node.items) {
        const next = literalPaths(item)
        const tails = paths.length * next.length <= literalPathsMax ? next : [[{ width: widthOf(item) }]]
        paths = paths.flatMap((head) => tails.map((tail) => [...head, ...tail]))
      }
      return paths
    }
  }
}

function smallSet(set: Uint8Array): string[] | undefined {
  const chars: string[] = []
  for (let byte = 0; byte < set.length; byte++) {
    if (set[byte] !== 1) continue
    chars.push(String.fromCharCode(byte))
    if (chars.length > 4) return undefined
  }
  return chars
}
