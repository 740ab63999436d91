import type { Report } from '../detection/detection.ts'

/** GitHub shows ten annotations of each kind a step; the first are the gravest. */
const annotationsMax = 50

/** Workflow commands that GitHub Actions turns into annotations at the line. Nothing that is scanned can make a command of its own. */
export function githubReport(report: Report): string {
  const lines = report.detections
    .filter((one) => !one.allowed)
    .flatMap((one) => {
      const command = one.severity === 'low' || one.severity === 'medium' ? 'warning' : 'error'
      return one.sightings.slice(0, 3).map((sighting) => {
        const commit = sighting.commit ? ` (commit ${sighting.commit.slice(0, 10)})` : ''
        const place = `file=${property(sighting.path)},line=${sighting.line},col=${sighting.column}`
        return `::${command} ${place},title=${property(one.name)}::${data(`${one.masked}${commit}. ${one.reason} Next: ${one.next}`)}`
      })
    })
  return lines
    .slice(0, annotationsMax)
    .map((line) => `${line}\n`)
    .join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
