import type { Detection, Report } from '../detection/detection.ts'

/** The report for programs. `version` rises when a field changes its meaning; new fields may come. */
export function jsonReport(report: Report): string {
  return `${JSON.stringify({ version: 1, ...report }, null, 2)}\n`
}

/** One detection of a live stream, on one line. */
export function jsonLine(detection: Detection): string {
  return `${JSON.stringify(detection)}\n`
}
