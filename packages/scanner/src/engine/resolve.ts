import type { RawMatch } from './matcher.ts'

const shapeConfidence = { high: 0.9, medium: 0.7, low: 0.5 } as const
/** Of two that judgement holds equally likely, the pattern that says more: its share is smaller than any step of confidence. */
const specificityShare = 0.0001

/**
 * Keeps, of matches that overlap, the one whose detector says most: `sk-ant-…` is Anthropic's, not the first `sk-` rule's. A match that
 * was judged no secret still shadows weaker ones, or a key with a wrong checksum would come back as a generic one.
 */
export function resolveOverlaps<M extends RawMatch>(matches: readonly M[], together: (a: M, b: M) => boolean = () => false): M[] {
  if (matches.length < 2) return [...matches]
  const sorted = [...matches].sort((a, b) => a.start - b.start || b.end - a.end)
  const kept: M[] = []
  let cluster: M[] = []
  let clusterEnd = -1
  for (const match of sorted) {
    if (match.start >= clusterEnd && cluster.length > 0) {
      kept.push(...resolveCluster(cluster, together))
      cluster = []
    }
    cluster.push(match)
    clusterEnd = Math.max(clusterEnd, match.end)
  }
  kept.push(...resolveCluster(cluster, together))
  return kept
}

function resolveCluster<M extends RawMatch>(cluster: readonly M[], together: (a: M, b: M) => boolean): M[] {
  if (cluster.length < 2) return [...cluster]
  const best = [...cluster].sort((a, b) => weightOf(b) - weightOf(a) || b.secret.length - a.secret.length || a.start - b.start)
  const kept: M[] = []
  for (const match of best) {
    if (
      kept.every(
        (other) => match.end <= other.start || match.start >= other.end || (match.secret !== other.secret && together(match, other)),
      )
    )
      kept.push(match)
  }
  return kept
}

function weightOf(match: RawMatch): number {
  const { judgement, detector } = match
  const confidence = judgement.verdict === 'secret' ? judgement.confidence : shapeConfidence[detector.confidence]
  return confidence + detector.specificity * specificityShare
}
