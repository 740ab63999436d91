import type { Allowed } from '../detection/detection.ts'

/**
 * `keyward:allow reason="kept for the demo" owner=ana until=2027-01-31` in a comment on the line (or `keyward:allow-next-line` above it).
 * gitleaks' and betterleaks' own marks count too. Returns undefined where it has no reason or its end has passed.
 */
export function inlineAllowance(mark: string, now: Date): Allowed | undefined {
  const foreign = /^(gitleaks|betterleaks):allow/.exec(mark)?.[1]
  if (foreign) return { by: 'inline', reason: `marked ${foreign}:allow` }
  const reason = field(mark, 'reason')
  if (reason === undefined) return undefined
  const until = field(mark, 'until')
  if (until !== undefined && !(new Date(`${until}T23:59:59Z`) >= now)) return undefined
  const owner = field(mark, 'owner')
  return { by: 'inline', reason, ...(owner === undefined ? {} : { owner }), ...(until === undefined ? {} : { until }) }
}

function field(mark: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}=(?:"([^"]{1,160})"|'([^']{1,160})'|([^\\s"'*/-][^\\s"']{0,160}))`).exec(mark)
  return found?.[1] ?? found?.[2] ?? found?.[3]
}
