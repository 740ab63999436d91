import type { Match, MatchPart } from './match.ts'

/**
 * Brings the parts of a credential together (an AWS key id and its secret). A match whose required part is missing is left out; a part
 * that belongs to one match and asks for nothing itself is told there instead of on its own.
 */
export function pairParts(matches: readonly Match[]): Match[] {
  if (!matches.some((match) => match.detector.parts)) return [...matches]
  const byDetector = Map.groupBy(matches, (match) => match.detector.id)
  const folded = new Set<Match>()
  const paired = matches.flatMap((match) => {
    const wanted = match.detector.parts
    if (!wanted) return [match]
    const parts: MatchPart[] = []
    for (const part of wanted) {
      const other = nearest(match, byDetector.get(part.detector) ?? [], part.withinLines)
      if (other) {
        parts.push({ detectorId: other.detector.id, secret: other.secret })
        if (!other.detector.parts) folded.add(other)
      } else if (part.required) return []
    }
    return [parts.length > 0 ? { ...match, parts } : match]
  })
  return paired.filter((match) => !folded.has(match))
}

function nearest(match: Match, others: readonly Match[], withinLines: number): Match | undefined {
  let best: Match | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const other of others) {
    if (other === match || other.secret === match.secret || other.judgement.verdict === 'not-a-secret') continue
    const lines = Math.abs(other.line - match.line)
    const distance = Math.abs(other.start - match.start)
    if (lines > withinLines || distance >= bestDistance) continue
    best = other
    bestDistance = distance
  }
  return best
}
