/** What a bench says of a list of measurements, and how it compares two. Times are milliseconds. */
export interface Summary {
  count: number
  mean: number
  p50: number
  p90: number
  p99: number
  max: number
}

/** Exact percentiles of `values` (sorted in a copy). All zero where there are none. */
export function summarise(values: ArrayLike<number>): Summary {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 }
  const sum = sorted.reduce((total, value) => total + value, 0)
  return {
    count: sorted.length,
    mean: sum / sorted.length,
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p99: percentile(sorted, 99),
    max: sorted.at(-1) ?? 0,
  }
}

/** The smallest of the ascending `sorted` that at least `percent` of them do not exceed (nearest rank). */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? 0
}

/** The middle of the rounds of a bench; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

export interface Comparison {
  /** Throughput of the subject over the baseline's: the median of the rounds' ratios, so that a slow minute of the machine hits both. */
  throughputRatio: number
  throughputRatioLow: number
  throughputRatioHigh: number
  /** What the subject adds, by the medians over rounds. */
  addedP50Ms: number
  addedP99Ms: number
  addedFirstByteP50Ms: number
}

export interface Round {
  requestsPerSecond: number
  latencyMs: Summary
  firstByteMs: Summary
}

/** Compares rounds that ran in pairs: `subject[i]` right beside `baseline[i]`. Throws RangeError where they are not pairs. */
export function compare(subject: readonly Round[], baseline: readonly Round[]): Comparison {
  if (subject.length === 0 || subject.length !== baseline.length)
    throw new RangeError('compare() needs as many rounds of the one as of the other, and one at least')
  const pairs = subject.map((round, index) => ({ round, base: baseline[index] ?? round }))
  const ratios = pairs.map(({ round, base }) => round.requestsPerSecond / base.requestsPerSecond)
  const added = (of: (round: Round) => number): number => median(pairs.map(({ round, base }) => of(round) - of(base)))
  return {
    throughputRatio: median(ratios),
    throughputRatioLow: Math.min(...ratios),
    throughputRatioHigh: Math.max(...ratios),
    addedP50Ms: added((round) => round.latencyMs.p50),
    addedP99Ms: added((round) => round.latencyMs.p99),
    addedFirstByteP50Ms: added((round) => round.firstByteMs.p50),
  }
}
