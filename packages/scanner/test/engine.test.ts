import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildAutomaton, Hits, search } from '../src/engine/automaton.ts'
import { DocumentScanner } from '../src/engine/document.ts'
import { StreamScanner, windowBytes } from '../src/engine/stream.ts'
import { loadDetectors, matcherFor } from '../src/load/detectors.ts'
import { anthropicKey, groqKey, openaiKey, random } from './material.ts'

const scanner = new DocumentScanner(await matcherFor((await loadDetectors({})).detectors))

function found(text: string | Uint8Array, path = 'app/settings.txt') {
  return scanner.scan(typeof text === 'string' ? Buffer.from(text) : text, path).filter((match) => match.judgement.verdict === 'secret')
}

describe('the automaton finds what a naive search finds', () => {
  test('each keyword at each place, in any case, also over the seam of its two lanes', () => {
    const unit = fc.constantFrom('a', 'b', 'C', '_', '-')
    const keywords = fc.uniqueArray(fc.string({ unit, minLength: 3, maxLength: 6 }), {
      minLength: 1,
      maxLength: 12,
      selector: (word) => word.toLowerCase(),
    })
    fc.assert(
      fc.property(keywords, fc.string({ unit, maxLength: 200 }), (words, text) => {
        const automaton = buildAutomaton(words)
        const low = new Hits()
        const high = new Hits()
        search(automaton, Buffer.from(text, 'latin1'), low, high)
        const got = new Set<string>()
        for (const hits of [low, high]) {
          for (let at = 0; at < hits.length; at += 2) {
            for (const word of automaton.outputs[(hits.pairs[at + 1] ?? 0) - automaton.acceptingFrom] ?? [])
              got.add(`${word} ${hits.pairs[at]}`)
          }
        }
        const wanted = new Set<string>()
        for (const [index, word] of words.entries()) {
          const lower = text.toLowerCase()
          for (let at = lower.indexOf(word.toLowerCase()); at >= 0; at = lower.indexOf(word.toLowerCase(), at + 1))
            wanted.add(`${index} ${at + word.length}`)
        }
        expect(got).toEqual(wanted)
      }),
    )
  })
})

describe('a key is found and named', () => {
  test('wherever it stands in a text, with its line and column', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), fc.boolean(), (before, after, quoted) => {
        const key = groqKey('place')
        const text = `${'line of text\n'.repeat(before % 150)}${'x '.repeat(before % 40)}${quoted ? `"${key}"` : key}${' y'.repeat(after % 90)}`
        const [match] = found(text)
        expect(match?.secret).toBe(key)
        expect(match?.detector.id).toContain('groq')
        const lines = text.slice(0, text.indexOf(key)).split('\n')
        expect(match?.line).toBe(lines.length)
        expect(match?.column).toBe((lines.at(-1)?.length ?? 0) + 1)
      }),
    )
  })

  test('the sk- family is told apart: the most specific name wins', () => {
    const text = `a = "${openaiKey('one')}"\nb = "${anthropicKey('two')}"\nc = "sk-or-v1-${random('x', 64)
      .toLowerCase()
      .replace(/[^0-9a-f]/g, 'a')}"\n`
    expect(found(text).map((match) => match.detector.provider)).toEqual(['openai', 'anthropic', 'openrouter'])
  })

  test('one key is one match, however many detectors could take it', () => {
    expect(found(`OPENAI_API_KEY=${openaiKey('one')}\n`)).toHaveLength(1)
  })

  test('an AWS key id and its secret come as a pair', () => {
    const id = `AKIA${random('aws', 40)
      .toUpperCase()
      .replace(/[^A-Z2-7]/g, '')
      .slice(0, 16)
      .padEnd(16, 'Q')}`
    const secret = random('aws secret', 40)
    const matches = found(`[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`)
    const paired = matches.find((match) => match.secret === secret)
    expect(paired?.detector.id).toBe('aws-secret-access-key')
    expect(paired?.parts?.map((part) => part.secret)).toEqual([id])
  })
})

describe('a key is found however it is encoded', () => {
  const key = anthropicKey('encoded')
  const wide = Buffer.from(`key: ${key}\n`, 'utf16le')
  const split = (text: string, at: number) => [text.slice(0, at), text.slice(at)] as const
  const [head, tail] = split(key, 11)
  const folded = Buffer.from(`{"note":"${'x'.repeat(90)}","key":"${key}"}`)
    .toString('base64')
    .replace(/(.{76})/g, '$1\n  ')
  const cases: Record<string, [string | Uint8Array, string[]]> = {
    plain: [`x ${key} y`, []],
    base64: [`config: ${Buffer.from(`api_key=${key}`).toString('base64')}`, ['base64']],
    'base64 for URLs': [`?state=${Buffer.from(`{"key":"${key}"}`).toString('base64url')}&x=1`, ['base64']],
    'base64 in base64': [
      `v=${Buffer.from(`inner ${Buffer.from(`k=${key}`).toString('base64')}`).toString('base64')}`,
      ['base64', 'base64'],
    ],
    'base64 folded over indented lines': [`data: |\n  ${folded}\n`, ['base64']],
    'base64 of UTF-16, as PowerShell takes it': [
      `powershell -enc ${Buffer.from(`$k="${key}"`, 'utf16le').toString('base64')}`,
      ['base64+utf16'],
    ],
    hexadecimal: [`blob ${Buffer.from(`key=${key}`).toString('hex')} end`, ['hex']],
    'percent escapes': [`https://x.example/?q=${encodeURIComponent(`{"k":"${key}"}`).replaceAll('-', '%2D')}`, ['percent']],
    'unicode escapes': [`{"k":"${key.replaceAll('-', '\\u002d')}"}`, ['escape']],
    'hexadecimal escapes': [`k = "${key.replaceAll('-', '\\x2d')}"`, ['escape']],
    'a string in JSON in JSON': [JSON.stringify({ log: JSON.stringify({ head: `line\n${key}\n` }) }), []],
    'split by concatenation': [`const k = "${head}" +\n  "${tail}"`, ['joined']],
    'split over lines, as Python and C join them': [`k = ("${head}"\n     "${tail}")\n`, ['joined']],
    'folded by a backslash, as in shells and YAML': [`KEY=${head}\\\n    ${tail}\n`, ['folded']],
    'behind a colour, as in logs of CI': [`\x1b[0KRunning\n\x1b[32;1m${key}\x1b[0;m\n`, []],
    'behind a colour in a JSON log': [JSON.stringify({ message: `\x1b[33m${key}\x1b[39m` }), ['escape']],
    'with colours inside, as a search marks what it found': [`x:\x1b[01;31m\x1b[K${head}\x1b[m\x1b[K${tail}\n`, ['colour']],
    'UTF-16 with a mark': [Buffer.concat([Buffer.from([0xff, 0xfe]), wide]), []],
    'UTF-16 without': [wide, []],
    'UTF-16 inside a binary': [
      Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3, 0, 0, 0, 1]), Buffer.alloc(64, 7), wide, Buffer.alloc(64)]),
      ['utf16'],
    ],
    'bytes inside a binary': [Buffer.concat([Buffer.from([0, 1, 2, 3, 0]), Buffer.from(key), Buffer.from([0, 0])]), []],
  }
  for (const [name, [text, via]] of Object.entries(cases)) {
    test(name, () => {
      const matches = found(text)
      expect(matches.map((match) => match.secret)).toEqual([key])
      expect(matches[0]?.via).toEqual(via)
    })
  }

  test('what encodings bring is bounded, and the bound is told', () => {
    let nested: Buffer = Buffer.from(`key=${key}`)
    for (let depth = 0; depth < 9; depth++) nested = Buffer.from(`level ${depth} ${nested.toString('base64')}`)
    expect(found(nested)).toEqual([])
  })
})

describe('streams', () => {
  test('a key on the seam of two windows is told once, with its line', () => {
    for (const shift of [0, 40, 108, 109, 4096, 65_536]) {
      const key = groqKey(`seam ${shift}`)
      const filler = 'a line of a log, nothing else\n'
      const before = filler.repeat(Math.ceil(windowBytes / filler.length)).slice(0, windowBytes - shift)
      const text = Buffer.from(`${before}\n${key}\n${filler.repeat(100)}`)
      const stream = new StreamScanner(scanner, 'app.log')
      const matches = []
      for (let at = 0; at < text.length; at += 60_000) matches.push(...stream.push(text.subarray(at, at + 60_000)))
      matches.push(...stream.end())
      expect(matches.map((match) => [match.secret, match.line])).toEqual([[key, before.split('\n').length + 1]])
    }
  })

  test('a live stream that pauses is looked at up to its last whole line', () => {
    const key = groqKey('live')
    const stream = new StreamScanner(scanner, 'app.log')
    stream.push(Buffer.from(`one\ntoken ${key}\nunfini`))
    expect(stream.peek().map((match) => match.secret)).toEqual([key])
    expect(stream.peek()).toEqual([])
    stream.push(Buffer.from('shed\n'))
    expect(stream.end()).toEqual([])
  })
})
