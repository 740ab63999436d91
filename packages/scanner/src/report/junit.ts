import type { Detection, Report } from '../detection/detection.ts'

/** JUnit XML: a failed test a secret, so that a CI server without SARIF shows it; one passed test where there is none. */
export function junitReport(report: Report): string {
  const open = report.detections.filter((one) => !one.allowed)
  const allowed = report.detections.filter((one) => one.allowed)
  const cases = [...open.map(failed), ...allowed.map(skipped)]
  const errors = report.partial ? 1 : 0
  if (report.partial) {
    const told = report.notices.map((notice) => `${notice.path} ${notice.text}`).join('\n')
    cases.push(
      `    <testcase classname="keyward.scan" name="everything was looked at"><error message="something was not looked at">${xml(told)}</error></testcase>`,
    )
  }
  if (cases.length === 0) cases.push('    <testcase classname="keyward.scan" name="no secret found"/>')
  const counts = `tests="${cases.length}" failures="${open.length}" errors="${errors}" skipped="${allowed.length}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="keyward scan" ${counts}>
  <testsuite name="keyward scan" ${counts} time="${(report.tookMs / 1000).toFixed(3)}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`
}

function failed(one: Detection): string {
  const places = one.sightings.map(
    (sighting) => `${sighting.path}:${sighting.line}${sighting.commit ? ` (commit ${sighting.commit})` : ''}`,
  )
  const text = [`${one.masked} · ${one.reason}`, ...places, `Next: ${one.next}`].join('\n')
  return `${opening(one)}<failure type="${xml(one.severity)}" message="${xml(`${one.name} ${one.masked}`)}">${xml(text)}</failure></testcase>`
}

function skipped(one: Detection): string {
  return `${opening(one)}<skipped message="${xml(one.allowed?.reason ?? '')}"/></testcase>`
}

function opening(one: Detection): string {
  const first = one.sightings[0]
  return `    <testcase classname="${xml(one.detector)}" name="${xml(`${one.name} in ${first?.path ?? ''}`)}" file="${xml(first?.path ?? '')}" line="${first?.line ?? 1}">`
}

function xml(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
}
