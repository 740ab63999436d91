import type { Report } from '../detection/detection.ts'

const columns = [
  'severity',
  'name',
  'provider',
  'masked',
  'confidence',
  'authority',
  'source',
  'path',
  'line',
  'commit',
  'author',
  'at',
  'decoded_from',
  'allowed',
  'fingerprint',
  'next',
] as const

/** RFC 4180, a row a sighting. Cells that a spreadsheet would run as a formula are made text. */
export function csvReport(report: Report): string {
  const rows = report.detections.flatMap((one) =>
    one.sightings.map((sighting) => [
      one.severity,
      one.name,
      one.providerName,
      one.masked,
      one.confidence.toFixed(2),
      one.authority.join(' '),
      sighting.source,
      sighting.path,
      String(sighting.line),
      sighting.commit ?? '',
      sighting.author ?? '',
      sighting.at ?? '',
      sighting.via.join(' '),
      one.allowed ? one.allowed.reason : '',
      one.fingerprint,
      one.next,
    ]),
  )
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string): string {
  const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
