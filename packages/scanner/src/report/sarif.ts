import type { Detection, Report, Sighting } from '../detection/detection.ts'
import type { Severity } from '../detector.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
}
/** GitHub's scale of `security-severity`. */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0' }

/** SARIF 2.1.0. A result a sighting; its fingerprint holds neither line nor column, so that it stays when lines move. */
export function sarifReport(report: Report, toolVersion: string): string {
  const rules = [...new Map(report.detections.map((one) => [one.detector, one])).values()]
  const ruleIndex = new Map(rules.map((one, index) => [one.detector, index]))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Keyward', semanticVersion: toolVersion, rules: rules.map(rule) } },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { SRCROOT: { description: { text: 'The scanned folder.' } } },
        invocations: [
          {
            executionSuccessful: !report.partial,
            toolExecutionNotifications: report.notices.map((notice) => ({
              level: 'warning',
              message: { text: `${notice.path} ${notice.text}` },
            })),
          },
        ],
        results: report.detections.flatMap((one) => results(one, ruleIndex.get(one.detector) ?? 0)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function rule(one: Detection): object {
  return {
    id: one.detector,
    name: one.name,
    shortDescription: { text: one.name },
    fullDescription: { text: `${one.name} of ${one.providerName}: lets a machine ${one.authority.join(', ')} unattended.` },
    help: { text: one.revoke.how },
    ...(one.revoke.url ? { helpUri: one.revoke.url } : {}),
    defaultConfiguration: { level: levels[one.severity] },
    properties: { tags: ['security', 'secret', one.provider], 'security-severity': scores[one.severity] },
  }
}

function results(one: Detection, ruleIndex: number): object[] {
  const seen = new Map<string, number>()
  return one.sightings.map((sighting) => {
    const place = [sighting.source, sighting.path, sighting.commit ?? '', sighting.layer ?? ''].join('|')
    const occurrence = seen.get(place) ?? 0
    seen.set(place, occurrence + 1)
    return {
      ruleId: one.detector,
      ruleIndex,
      level: levels[one.severity],
      message: { text: `${one.name} ${one.masked}. ${one.reason} Next: ${one.next}` },
      locations: [location(sighting)],
      partialFingerprints: { 'keywardSecret/v1': one.fingerprint, 'keywardPlace/v1': `${one.fingerprint}|${place}|${occurrence}` },
      ...(one.allowed ? { suppressions: [suppression(one.allowed)] } : {}),
      properties: {
        confidence: one.confidence,
        authority: one.authority,
        ...(sighting.commit ? { commit: sighting.commit, author: sighting.author, at: sighting.at } : {}),
        ...(sighting.via.length > 0 ? { decodedFrom: sighting.via } : {}),
      },
    }
  })
}

function location(sighting: Sighting): object {
  const uri = sighting.path.split('/').map(encodeURIComponent).join('/')
  const absolute = sighting.path.startsWith('/')
  return {
    physicalLocation: {
      artifactLocation: absolute ? { uri: `file://${uri}` } : { uri, uriBaseId: 'SRCROOT' },
      region: { startLine: Math.max(1, sighting.line), startColumn: Math.max(1, sighting.column) },
    },
    ...(sighting.commit ? { logicalLocations: [{ fullyQualifiedName: `commit ${sighting.commit}`, kind: 'commit' }] } : {}),
  }
}

function suppression(allowed: NonNullable<Detection['allowed']>): object {
  const owner = allowed.owner === undefined ? '' : ` (${allowed.owner}${allowed.until === undefined ? '' : `, until ${allowed.until}`})`
  return { kind: allowed.by === 'inline' ? 'inSource' : 'external', justification: `${allowed.reason}${owner}` }
}
