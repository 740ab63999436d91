import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { checks } from '../../src/checks/checks.ts'
import type { Detector, DetectorFile } from '../../src/detector.ts'
import { detectorsFolder, scan } from './scanner.ts'

const files = readdirSync(detectorsFolder).sort()
const read = (file: string): DetectorFile => parse(readFileSync(join(detectorsFolder, file), 'utf8')) as DetectorFile

/** The secret that the detector's own pattern finds in the text. */
function secretIn(detector: Detector, text: string): string | undefined {
  return new RegExp(detector.pattern, detector.ignoreCase ? 'i' : '').exec(text)?.groups?.secret
}

describe.each(files)('%s', (file) => {
  const { provider, detectors } = read(file)

  test('is named after its provider, as are its detectors', () => {
    expect(file).toBe(`${provider}.yaml`)
    for (const { id } of detectors) expect(id.startsWith(`${provider}-`), id).toBe(true)
  })

  test.each(detectors.map((detector) => [detector.id, detector] as const))(
    '%s matches what it must, with the right checksum, and its examples are seen as examples',
    (_, detector) => {
      for (const example of detector.examples.match) {
        const secret = secretIn(detector, example)
        expect(secret, example).toBeDefined()
        if (detector.check !== undefined) expect(checks[detector.check]?.(secret ?? ''), example).not.toBe('refuted')
        const reported = scan(example, '').filter((match) => match.judgement.verdict === 'secret')
        expect(
          reported.map((match) => match.detector.id),
          example,
        ).toEqual([])
        if (detector.context !== undefined) expect(example).toMatch(new RegExp(detector.context.near, 'i'))
      }
    },
  )

  test.each(detectors.map((detector) => [detector.id, detector] as const))('%s does not report what it must not', (_, detector) => {
    expect(detector.examples.noMatch.length).toBeGreaterThan(0)
    for (const example of detector.examples.noMatch) {
      const reported = scan(example, '').filter((match) => match.judgement.verdict === 'secret')
      expect(
        reported.map((match) => match.detector.id),
        example,
      ).toEqual([])
    }
  })
})
