import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formats } from '../../corpus/generate.ts'
import { makeSecret } from '../../corpus/shapes.ts'
import { backtracksMax, slowness } from '../../src/pattern/linear.ts'
import { type PatternNode, parsePattern } from '../../src/pattern/parse.ts'
import { detectors } from './scanner.ts'
import { StepCounter } from './steps.ts'

const all = formats()
/**
 * Long enough for what grows with the square to be over the bound below (at 1,200: 1.4 million steps against 1.1), short enough to count
 * every step. That no pattern backtracks is proved besides; `KEYWARD_DEEP=1` counts on longer texts.
 */
const inputLength = process.env.KEYWARD_DEEP === '1' ? 4_000 : 1_200

/** Texts that make a careless pattern slow: what it begins with again and again, long runs of what it repeats, and each nearly a match. */
function adversarial(pattern: string, id: string): string[] {
  const tree = parsePattern(pattern)
  const bytes = repeated(tree)
  const format = all[id]
  const secret = format === undefined ? '' : makeSecret(format.shapes[0] ?? '', 'adversarial', { seal: format.seal })
  const name = format?.names[0] ?? 'key'
  const fill = (piece: string): string => (piece === '' ? '' : piece.repeat(Math.ceil(inputLength / piece.length)).slice(0, inputLength))
  const begin = secret.slice(0, Math.max(4, Math.floor(secret.length / 3)))
  return [
    ...bytes.map((byte) => fill(byte)),
    ...bytes.map((byte) => fill(`${begin}${byte.repeat(40)}`)),
    fill(begin),
    fill(`${secret}_`),
    fill(secret.slice(0, -1)),
    fill(`${name}=`),
    fill(`${name}="${secret.slice(0, -1)}`),
    fill('a1:'),
    fill('://a:'),
    fill(' = "'),
    fill('-----BEGIN PRIVATE KEY-----'),
    fill('eyJ.'),
  ].filter((text) => text !== '')
}

/** A byte of every class that the pattern repeats. */
function repeated(node: PatternNode): string[] {
  switch (node.type) {
    case 'bytes':
    case 'assertion':
      return []
    case 'sequence':
      return [...new Set(node.items.flatMap(repeated))]
    case 'choice':
      return [...new Set(node.options.flatMap(repeated))]
    case 'repeat': {
      if (node.item.type !== 'bytes') return repeated(node.item)
      const at = node.item.set.indexOf(1)
      const letter = node.item.set['a'.charCodeAt(0)] === 1 ? 'a' : String.fromCharCode(at)
      return at < 0 ? [] : [letter]
    }
  }
}

describe('no pattern can be made slow', () => {
  test('each is proved to have a bounded number of ways at every position', () => {
    for (const { id, pattern, ignoreCase, context } of detectors) {
      expect(slowness(pattern, ignoreCase), id).toBeUndefined()
      if (context !== undefined) expect(slowness(context.near, true), id).toBeUndefined()
    }
    expect(backtracksMax).toBeLessThanOrEqual(40_000)
  })

  test('a pattern that can be is refused: nested and overlapping repetition', () => {
    for (const slow of ['(?:a+)+b', '(?:a|a)*b', '(?:a*)*b', '[a-z]+[a-z0-9]+!', '(?:x+x+)+y']) expect(slowness(slow), slow).toBeDefined()
  })

  test.each(detectors.map((detector) => [detector.id, detector] as const))(
    '%s takes steps in proportion to the text, whatever stands in it',
    (id, detector) => {
      for (const text of adversarial(detector.pattern, id)) {
        const steps = new StepCounter(detector.pattern, detector.ignoreCase).searchAll(text)
        const half = new StepCounter(detector.pattern, detector.ignoreCase).searchAll(text.slice(0, inputLength / 2))
        // Linear means: twice the text, about twice the steps. The addend covers one match's own width.
        expect(steps, `${id} on ${JSON.stringify(text.slice(0, 60))}…`).toBeLessThanOrEqual(half * 2.6 + 200_000)
      }
    },
  )

  test('nor by random texts of its own characters', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...detectors.map((_, index) => index)),
        fc.array(fc.nat(40), { minLength: 200, maxLength: 400, size: 'max' }),
        (index, picks) => {
          const detector = detectors[index]
          if (detector === undefined) return
          const pieces = [...detector.keywords, ...repeated(parsePattern(detector.pattern)), '=', '"', ' ', '\n', ':', '@', '-', '.']
          const text = picks.map((pick) => pieces[pick % pieces.length] ?? '').join('')
          const steps = new StepCounter(detector.pattern, detector.ignoreCase).searchAll(text)
          expect(steps / text.length, detector.id).toBeLessThan(2_000)
        },
      ),
      { numRuns: 300 },
    )
  })
})
