import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generated } from '../src/compile-detectors.ts'
import type { DetectorSet } from '../src/compiled-detector.ts'
import { slowness } from '../src/pattern/linear.ts'
import { parsePattern } from '../src/pattern/parse.ts'
import { keywordOffset, widthOf } from '../src/pattern/width.ts'

const file = new URL('../src/detectors.generated.json', import.meta.url)
const set = JSON.parse(readFileSync(file, 'utf8')) as DetectorSet

describe('built-in patterns stay linear', () => {
  test('known shapes of catastrophic backtracking are refused at compile time', () => {
    for (const pattern of [
      '(a+)+b',
      '(a|a)*b',
      '(a|aa)+b',
      '([a-z]+)*1',
      'a*a*b',
      '\\s*\\s*x',
      '.*x.*y.*z',
      '(?:[a-z]{1,50}){1,50}x',
      '(x+x+)+y',
      '[ab]+[bc]+d',
    ])
      expect(slowness(pattern), pattern).toBeDefined()
  })

  test('shapes that detectors need pass', () => {
    for (const pattern of [
      '\\bgsk_[A-Za-z0-9]{52}\\b',
      '(?:-[0-9a-f]{4}){3}',
      'key.{0,40}?[=:]\\s{0,3}([a-z0-9]{32})',
      'eyJ[\\w-]{10,}\\.eyJ[\\w-]{10,}',
      '(?:[a-z0-9-]{1,63}\\.){1,5}com',
    ])
      expect(slowness(pattern), pattern).toBeUndefined()
  })

  test('look-around, back-references and inline flags are refused: RE2 has none', () => {
    for (const pattern of ['a(?=b)', '(?<!a)b', '(a)\\1', '(?i)a', 'a++', '[a', '(a', 'a)', '*a'])
      expect(() => parsePattern(pattern), pattern).toThrow()
  })

  test('every built-in pattern, and what must stand near it, passes the proof', () => {
    for (const detector of set.detectors) {
      expect(slowness(detector.pattern, detector.ignoreCase), detector.id).toBeUndefined()
      if (detector.context) expect(slowness(detector.context.near, true), detector.id).toBeUndefined()
    }
  })

  test('every built-in pattern gets through repeated pieces of its own alphabet at once, whatever fast-check makes of them', () => {
    const pieces = ['a', 'A1', '0', '-', '_', '=', ' ', '"', 'eyJ', 'key', 'token=', '\\', '/', ':', '.', '\n']
    fc.assert(
      fc.property(
        fc.constantFrom(...set.detectors),
        fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }),
        (detector, parts) => {
          const keyword = detector.keywords[0] ?? ''
          const text = keyword + parts.join('').repeat(4000).slice(0, 16_000)
          const expression = new RegExp(detector.pattern, detector.ignoreCase ? 'yi' : 'y')
          const started = performance.now()
          expression.test(text)
          // A runaway pattern takes minutes on 16 kB. The bound only has to tell these apart on any machine.
          return performance.now() - started < 5000
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('what the compiler computes is what the pattern does', () => {
  test('no match is longer than the computed width', () => {
    const alphabet = fc.constantFrom('a', 'b', '0', '-')
    fc.assert(
      fc.property(
        fc.constantFrom('a{2,5}b?', '(?:ab|0{3})-?', '[ab]{1,4}0', 'a(?:b0?){0,3}'),
        fc.string({ unit: alphabet, maxLength: 40 }),
        (pattern, text) => {
          const { min, max } = widthOf(parsePattern(pattern))
          const found = new RegExp(pattern).exec(text)
          return found === null || (found[0].length <= max && found[0].length >= min)
        },
      ),
    )
  })

  test('a keyword stands where the compiler says', () => {
    const at = (pattern: string, keyword: string) => keywordOffset(parsePattern(pattern), keyword)
    expect(at('\\bsk-ant-[a-z]{4}', 'sk-ant-')).toEqual({ min: 0, max: 0 })
    expect(at('(?:^|[^a-z])gsk_[a-z]+', 'gsk_')).toEqual({ min: 0, max: 1 })
    expect(at('[a-z]{2,9}JQQJ', 'jqqj')).toEqual({ min: 2, max: 9 })
    expect(at('(?:AKIA|ASIA)[A-Z]{16}', 'asia')).toEqual({ min: 0, max: 0 })
    expect(at('[a-z]{32}', 'mistral')).toBeUndefined()
  })
})

test('the generated set is what the detectors say now', () => {
  expect(readFileSync(file, 'utf8') === generated(), 'run `node packages/scanner/src/compile-detectors.ts`').toBe(true)
})

test('detectors have ids of their own and a way to end what they find', () => {
  expect(new Set(set.detectors.map((one) => one.id)).size).toBe(set.detectors.length)
  expect(set.detectors.length).toBeGreaterThan(250)
  for (const one of set.detectors) expect(one.revoke.how.length, one.id).toBeGreaterThan(10)
})
