import type { Detection, Inventoried, Report, Sighting } from '../detection/detection.ts'
import { harmless } from '../detection/mask.ts'
import type { Severity } from '../detector.ts'
import { counted, lasted, type Paint, sized } from './style.ts'

/** Sightings told for one detection; the rest is counted. JSON has more. */
const sightingsShown = 5
const noticesShown = 5
const tones = { critical: ['bold', 'red'], high: ['red'], medium: ['yellow'], low: ['dim'] } as const
const margin = ' '.repeat(10)

/** The report for people: a block a secret, the gravest first, then what it comes to and what to do next. */
export function textReport(report: Report, paint: Paint): string {
  const open = report.detections.filter((one) => !one.allowed)
  const blocks = open.map((one) => block(one, paint))
  return `${[...blocks, summary(report, open, paint)].join('\n')}\n`
}

function block(one: Detection, paint: Paint): string {
  const lines = [
    `${paint([...tones[one.severity]], one.severity.padEnd(margin.length))}${paint('bold', harmless(one.name))}  ${paint('cyan', harmless(one.masked))}`,
  ]
  const facts = [
    `can ${one.authority.join(', ')}`,
    `${Math.round(one.confidence * 100)} % sure: ${lowerFirst(harmless(one.reason)).replace(/\.$/, '')}`,
  ]
  if (one.verdict === 'unlikely') facts.unshift('unlikely')
  if (one.life !== undefined)
    facts.unshift(
      one.life === 'alive'
        ? 'it works: the provider accepted it'
        : one.life === 'dead'
          ? 'dead: the provider refused it'
          : 'the provider did not say whether it works',
    )
  lines.push(margin + paint('dim', facts.join(' · ')))
  if (one.facts) {
    const { expiresAt, ...rest } = one.facts
    const said = Object.entries(rest).map(([name, value]) => `${name} ${harmless(String(value).slice(0, 120))}`)
    if (expiresAt !== undefined)
      said.push(`${expiresAt * 1000 < Date.now() ? 'ended' : 'ends'} ${new Date(expiresAt * 1000).toISOString().slice(0, 16)}`)
    if (said.length > 0) lines.push(margin + paint('dim', said.join(' · ')))
  }
  for (const part of one.parts) lines.push(margin + paint('dim', `with ${part.detector} ${harmless(part.masked)}`))
  for (const sighting of one.sightings.slice(0, sightingsShown)) lines.push(margin + sightingText(sighting, paint))
  const more = one.sightingsTotal - Math.min(one.sightings.length, sightingsShown)
  if (more > 0) lines.push(margin + paint('dim', `and ${counted(more, 'more place')}`))
  if (one.inventory) lines.push(margin + inventoryText(one.inventory, paint))
  lines.push(`${margin}${paint('green', '→')} ${harmless(one.next)}`, '')
  return lines.join('\n')
}

function inventoryText({ id, state, known, credential }: Inventoried, paint: Paint): string {
  const said = state === 'dismissed' ? `, dismissed as ${id}` : ` (${id})`
  if (!known) return paint('yellow', `not in the inventory: nobody owns it${said}`)
  return paint('cyan', `in the inventory${credential === null ? '' : ` as ${credential}`}, and seen outside it${said}`)
}

/** `path:line:column`, which terminals and editors open, and how it got there. */
export function sightingText(sighting: Sighting, paint: Paint): string {
  const at = sighting.path.startsWith('(') ? sighting.path : `${sighting.path}:${sighting.line}:${sighting.column}`
  const notes: string[] = []
  if (sighting.commit) notes.push(`commit ${sighting.commit.slice(0, 10)}`)
  if (sighting.reach) notes.push(`only in ${sighting.reach === 'dangling' ? 'dangling objects' : `the ${sighting.reach}`}`)
  if (sighting.author) notes.push(`by ${sighting.author}`)
  if (sighting.at) notes.push(sighting.at.slice(0, 10))
  if (sighting.layerNumber) notes.push(`layer ${sighting.layerNumber} ${(sighting.layer ?? '').slice(0, 19)}`)
  if (sighting.deletedInLayer) notes.push(`deleted in layer ${sighting.deletedInLayer}, still in the image`)
  if (sighting.what) notes.push(sighting.what)
  if (sighting.ignored) notes.push('ignored by git')
  if (sighting.via.length > 0) notes.push(`decoded from ${sighting.via.join(', ')}`)
  return `${harmless(at)}${notes.length > 0 ? paint('dim', `  ${harmless(notes.join(', '))}`) : ''}`
}

function summary(report: Report, open: readonly Detection[], paint: Paint): string {
  const lines: string[] = []
  if (open.length === 0) lines.push(paint('green', report.partial ? 'No secret found in what could be looked at.' : 'No secret found.'))
  else {
    const places = open.reduce((sum, one) => sum + one.sightingsTotal, 0)
    const grades = (['critical', 'high', 'medium', 'low'] as const).flatMap((grade: Severity) => {
      const count = open.filter((one) => one.severity === grade).length
      return count > 0 ? [`${count} ${grade}`] : []
    })
    lines.push(paint('bold', `${counted(open.length, 'secret')} (${grades.join(', ')}) at ${counted(places, 'place')}.`))
    lines.push(...spread(open))
  }
  const looked = [counted(report.counts.files, 'file'), sized(report.counts.bytes)]
  if (report.counts.commits > 0) looked.push(counted(report.counts.commits, 'commit'))
  lines.push(
    paint(
      'dim',
      `Looked at ${looked.join(', ')} in ${lasted(report.tookMs)}; ${counted(report.dismissed, 'look-alike')} told from secrets.`,
    ),
  )
  const allowed = report.detections.length - open.length
  if (allowed > 0) lines.push(paint('dim', `${counted(allowed, 'secret')} allowed or known before.`))
  lines.push(...noticeLines(report, paint), ...report.remarks.map((remark) => paint('yellow', `Note: ${harmless(remark)}.`)))
  const first = open[0]
  if (first) lines.push(`Next: ${harmless(first.next)}`)
  return lines.join('\n')
}

/** What the places mean: who else has it already. */
function spread(open: readonly Detection[]): string[] {
  const inGit = open.filter((one) => one.sightings.some((sighting) => sighting.source === 'git')).length
  const inImages = open.filter((one) => one.sightings.some((sighting) => sighting.source === 'image')).length
  const lines: string[] = []
  if (inGit > 0)
    lines.push(
      `${inGit} in git history: everyone with a clone has ${inGit === 1 ? 'it' : 'them'}. Deleting the file does not help; revoke.`,
    )
  if (inImages > 0) lines.push(`${inImages} in image layers: everyone who can pull the image has ${inImages === 1 ? 'it' : 'them'}.`)
  return lines
}

function noticeLines(report: Report, paint: Paint): string[] {
  const told = report.notices.filter((notice) => notice.reason !== 'skipped')
  const skipped = report.notices.filter((notice) => notice.reason === 'skipped')
  const lines = told
    .slice(0, noticesShown)
    .map((notice) => paint('yellow', `Not looked at: ${harmless(notice.path)} ${harmless(notice.text)}.`))
  const more = told.length - noticesShown + report.noticesLeftOut
  if (more > 0) lines.push(paint('yellow', `${counted(more, 'more was', 'more were')} not looked at: --format json names them.`))
  if (skipped.length > 0) {
    const names = skipped.slice(0, 3).map((notice) => harmless(notice.path))
    lines.push(
      paint(
        'dim',
        `Left out: ${names.join(', ')}${skipped.length > 3 ? ` and ${skipped.length - 3} more` : ''} (--everything scans dependencies too).`,
      ),
    )
  }
  return lines
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
