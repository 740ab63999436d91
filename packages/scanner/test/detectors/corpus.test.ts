import { describe, expect, test } from 'vitest'
import { type Case, falseCases, formats, handMade, lookAlikes, trueCases } from '../../corpus/generate.ts'
import { detectors, essence, outcome, scan } from './scanner.ts'

const seed = 'corpus'
const casesPerDetectorMin = 40
const all = formats()
const publicOnes = new Set(Object.keys(all).filter((id) => all[id]?.public === true))

interface Tally {
  trueCases: number
  named: number
  misnamed: number
  falseCases: number
  falseFinds: number
  readonly details: string[]
}

function tally(cases: readonly Case[]): Tally {
  const sum: Tally = { trueCases: 0, named: 0, misnamed: 0, falseCases: 0, falseFinds: 0, details: [] }
  for (const one of cases) {
    const found = scan(one.text, one.path)
    const secrets = found.filter((match) => match.judgement.verdict === 'secret')
    if (one.expect.length > 0) {
      const { result, detail } = outcome(one, found, publicOnes)
      sum.trueCases++
      if (result === 'named') sum.named++
      else sum.details.push(detail)
      if (result === 'found under another name') sum.misnamed++
    } else {
      sum.falseCases++
      if (secrets.length > 0) {
        sum.falseFinds++
        sum.details.push(
          `${one.name} in ${one.path}: ${secrets.map((match) => `${match.detector.id}: ${match.judgement.reason}`).join(' | ')}`,
        )
      }
    }
  }
  return sum
}

const perDetector = new Map(
  Object.entries(all).map(([id, format]) => {
    const wanted = trueCases(id, format, 22, seed)
    return [id, tally([...wanted, ...falseCases(id, format, casesPerDetectorMin - 18, seed)])] as const
  }),
)
const providers = [...new Set(detectors.map((detector) => detector.provider.replace(/-/g, '_')))]
const others = tally(lookAlikes(providers, 2_000, seed))
const sums = [...perDetector.values()]
const total = (pick: (tally: Tally) => number): number => sums.reduce((sum, one) => sum + pick(one), 0)
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`

describe('the corpus', () => {
  test('has every detector in it, with at least 40 cases, true and false', () => {
    expect([...perDetector.keys()].sort()).toEqual(detectors.map((detector) => detector.id).sort())
    for (const [id, one] of perDetector) {
      expect(one.trueCases + one.falseCases, id).toBeGreaterThanOrEqual(casesPerDetectorMin)
      expect(one.trueCases, id).toBeGreaterThan(0)
      expect(one.falseCases, id).toBeGreaterThan(0)
    }
  })

  test('prints recall and precision, overall and of each detector that is not perfect', () => {
    const lines = [...perDetector].filter(([, one]) => one.details.length > 0)
    const wanted = total((one) => one.trueCases)
    const unwanted = total((one) => one.falseCases) + others.falseCases
    const wrong = total((one) => one.falseFinds) + others.falseFinds
    const right = total((one) => one.named + one.misnamed)
    process.stdout.write(
      `corpus: ${perDetector.size} detectors, ${wanted} true cases, recall ${percent(right, wanted)}, right name ${percent(
        total((one) => one.named),
        wanted,
      )}; ` + `${unwanted} look-alikes, ${percent(wrong, unwanted)} reported; precision ${percent(right, right + wrong)}\n`,
    )
    for (const [id, one] of lines)
      process.stdout.write(
        `  ${id}: recall ${percent(one.named + one.misnamed, one.trueCases)}, precision ${percent(one.named + one.misnamed, one.named + one.misnamed + one.falseFinds)}\n`,
      )
    expect(wanted).toBeGreaterThan(6_000)
    expect(unwanted).toBeGreaterThan(6_000)
  })

  test('misses no true case and gives each its own name', () => {
    const missing = [...perDetector].flatMap(([, one]) => (one.named === one.trueCases ? [] : one.details))
    expect(missing).toEqual([])
  })

  test('reports fewer than 1 % of the look-alikes, of each detector and overall', () => {
    for (const [id, one] of perDetector) expect(one.falseFinds / one.falseCases, `${id}\n${one.details.join('\n')}`).toBeLessThan(0.05)
    expect((total((one) => one.falseFinds) + others.falseFinds) / (total((one) => one.falseCases) + others.falseCases)).toBeLessThan(0.01)
    expect(others.details).toEqual([])
  })
})

describe('the hand-made cases', () => {
  test.each(handMade().map((one) => [one.name, one] as const))('%s', (_, one) => {
    const found = scan(one.text, one.path)
    expect(outcome(one, found, publicOnes).detail).toBe('')
    const expected = new Set(one.expect.map(({ secret }) => essence(secret)))
    const extra = found.filter((match) => match.judgement.verdict === 'secret' && !expected.has(essence(match.secret)))
    expect(extra.map((match) => `${match.detector.id}: ${match.judgement.reason}`)).toEqual([])
  })
})
