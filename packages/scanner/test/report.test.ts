import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formatsFor from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { render } from '../src/command/run-scan.ts'
import type { Detection, Report } from '../src/detection/detection.ts'
import { fingerprintOf } from '../src/detection/fingerprint.ts'
import { mask } from '../src/detection/mask.ts'
import { csvReport } from '../src/report/csv.ts'
import { githubReport } from '../src/report/github.ts'
import { progressText } from '../src/report/progress.ts'
import { sarifReport } from '../src/report/sarif.ts'
import { paintFor } from '../src/report/style.ts'
import { textReport } from '../src/report/text.ts'
import { anthropicKey, folder, groqKey, openaiKey, repository, scanFolder, scanTargets, write } from './material.ts'

const formats = ['text', 'json', 'sarif', 'csv', 'junit', 'github'] as const
const plain = paintFor({ isTTY: false }, {})

describe('no report holds a secret', () => {
  test('in no format, also not of passwords, parts, private keys and what is only likely', async () => {
    const password = 'mG7#kq2LpWz'
    const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(openaiKey('pem').repeat(5))
      .toString('base64')
      .replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`
    const secrets = [openaiKey('a'), anthropicKey('b'), groqKey('c'), password]
    const root = repository({
      'a.env': secrets.map((one, index) => `KEY_${index}=${one}`).join('\n'),
      'db.yml': `password: "${password}"\nurl: postgres://app:${password}@db.internal.example.net/app\n`,
      'key.pem': pem,
    })
    const report = await scanTargets(
      [
        { kind: 'path', path: root },
        { kind: 'git', repository: root, onlyNew: false },
      ],
      { all: true },
    )
    expect(report.detections.length).toBeGreaterThan(3)
    for (const format of formats) {
      const text = await render(report, format, {})
      for (const secret of [...secrets, pem.split('\n')[2] ?? '']) expect(text.includes(secret), format).toBe(false)
    }
  })

  test('a mask shows at most a third of the secret, and nothing of a short one', () => {
    for (const secret of [openaiKey('x'), anthropicKey('x'), groqKey('x'), 'glpat-12345678901234567890', 'a'.repeat(20)]) {
      const shown = mask(secret)
        .replace(/ \(\d+ characters\)$/, '')
        .replace('…', '')
      expect(shown.length).toBeLessThanOrEqual(secret.length / 3)
    }
    expect(mask('hunter2hunter2')).toBe('••••••••')
  })

  test('a fingerprint is the digest of what cannot be guessed, keyed where there is a key, and says nothing of a password', () => {
    const from = { detector: 'generic-password', path: 'a.yml' }
    expect(fingerprintOf(groqKey('f'), from)).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(fingerprintOf('mG7#kq2LpWz', from)).toMatch(/^place:/)
    expect(fingerprintOf('mG7#kq2LpWz', from)).toBe(fingerprintOf('zWpL2qk#7Gm', from))
    const key = Buffer.alloc(32, 1)
    expect(fingerprintOf('mG7#kq2LpWz', { ...from, key })).toMatch(/^hmac-sha256:[0-9a-f]{64}$/)
    expect(fingerprintOf(groqKey('f'), { ...from, key })).not.toBe(fingerprintOf(groqKey('f'), { ...from, key: Buffer.alloc(32, 2) }))
  })
})

describe('SARIF', () => {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'sarif.schema.json'), 'utf8'))

  test('has the structure that SARIF 2.1.0 demands, and rules that its results point at', async () => {
    const root = repository({
      'a b/ä.env': `A=${openaiKey('s')}\nB=${groqKey('s')} # keyward:allow reason="kept for the demo" owner=ana\n`,
    })
    const report = await scanTargets([
      { kind: 'path', path: root },
      { kind: 'git', repository: root, onlyNew: false },
    ])
    const log = JSON.parse(sarifReport(report, '1.0.0'))
    const ajv = new Ajv({ allErrors: true, strict: false })
    formatsFor.default(ajv)
    const validate = ajv.compile(schema)
    expect(validate(log), JSON.stringify(validate.errors)).toBe(true)
    const broken = [
      (one: typeof log) => delete one.runs[0].tool.driver.name,
      (one: typeof log) => Object.assign(one.runs[0].results[0], { severity: 'high' }),
      (one: typeof log) => Object.assign(one.runs[0].results[0].locations[0].physicalLocation.region, { startLine: 0 }),
      (one: typeof log) => Object.assign(one.runs[0].results[0].locations[0].physicalLocation.artifactLocation, { uri: 'a b' }),
    ]
    for (const harm of broken) {
      const copy = structuredClone(log)
      harm(copy)
      expect(validate(copy), String(harm)).toBe(false)
    }
    for (const result of log.runs[0].results) expect(log.runs[0].tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId)
    expect(log.runs[0].results.some((one: { suppressions?: { kind: string }[] }) => one.suppressions?.[0]?.kind === 'inSource')).toBe(true)
  })

  test('fingerprints stay when lines move, and tell two places apart', async () => {
    const prints = async (text: string) => {
      const root = write(folder(), { 'a.env': text })
      const log = JSON.parse(sarifReport(await scanFolder(root), '1.0.0').replaceAll(root, ''))
      return log.runs[0].results.map((one: { partialFingerprints: object }) => one.partialFingerprints)
    }
    const key = groqKey('moved')
    const before = await prints(`A=${key}\nB=${key}\n`)
    expect(await prints(`# a comment\n\n\nA=${key}\n\nB=${key}\n`)).toEqual(before)
    expect(new Set(before.map((one: object) => JSON.stringify(one))).size).toBe(2)
  })
})

function reportOf(changes: Partial<Detection>, place: object = {}): Report {
  const detection = {
    fingerprint: 'sha256:0',
    detector: 'groq-api-key',
    name: 'Groq API key',
    provider: 'groq',
    providerName: 'Groq',
    kind: 'api_key',
    purpose: 'model',
    authority: ['consume'],
    severity: 'high',
    confidence: 0.9,
    verdict: 'secret',
    reason: 'Its shape is right.',
    masked: 'gsk_…xx (56 characters)',
    parts: [],
    revoke: { how: 'Delete it.' },
    sightings: [{ source: 'file', path: 'a.txt', line: 3, column: 5, via: [], ...place }],
    sightingsTotal: 1,
    next: 'keyward adopt a.txt',
    ...changes,
  } as unknown as Detection
  return {
    detections: [detection],
    notices: [],
    noticesLeftOut: 0,
    partial: false,
    counts: { files: 1234, bytes: 5_600_000, commits: 0 },
    tookMs: 1234,
    detectorsVersion: 'x',
    dismissed: 3,
    remarks: [],
  }
}

describe('what is scanned cannot act through a report', () => {
  test('CSV: no cell begins a formula; quotes, commas and line breaks stay inside', () => {
    for (const path of ['=HYPERLINK("http://x")', '+1', '-1', '@x', '\tx'])
      expect(csvReport(reportOf({}, { path }))).toMatch(/,("?)'[=+\-@\t]/)
    expect(csvReport(reportOf({}, { path: 'a "b", c\n.txt' }))).toContain('"a ""b"", c\n.txt"')
  })

  test('GitHub: a file name makes no workflow command of its own', () => {
    const out = githubReport(reportOf({}, { path: 'a\n::add-mask::x,line=9:b%.txt' }))
    expect(out.split('\n').filter((line) => line.startsWith('::'))).toHaveLength(1)
    expect(out).toContain('file=a%0A%3A%3Aadd-mask%3A%3Ax%2Cline=9%3Ab%25.txt,line=3')
  })

  test('terminals: escape sequences and direction marks in names are shown, not obeyed', () => {
    const out = textReport(reportOf({}, { path: 'a\x1b[2J\u202etxt' }), plain)
    expect(out).not.toMatch(/[\x1b\u202e]/)
    expect(out).toContain('\\x1b')
  })

  test('JUnit: markup in names is text', async () => {
    const out = await render(reportOf({}, { path: 'a<b>"&\x01.txt' }), 'junit', {})
    expect(out).toContain('a&lt;b&gt;&quot;&amp;\ufffd.txt')
    expect(out).toContain('tests="1" failures="1"')
  })
})

describe('text for people', () => {
  test('says what it is, where, what it can do and what to do next; and what it comes to', () => {
    expect(
      textReport(reportOf({}, { source: 'git', commit: 'abcdef0123456789', author: 'Ana', at: '2026-01-02T03:04:05.000Z' }), plain),
    ).toBe(
      `high      Groq API key  gsk_…xx (56 characters)
          can consume · 90 % sure: its shape is right
          a.txt:3:5  commit abcdef0123, by Ana, 2026-01-02
          → keyward adopt a.txt

1 secret (1 high) at 1 place.
1 in git history: everyone with a clone has it. Deleting the file does not help; revoke.
Looked at 1,234 files, 5.6 MB in 1.2 s; 3 look-alikes told from secrets.
Next: keyward adopt a.txt
`,
    )
  })

  test('colours only on a terminal, never with NO_COLOR', () => {
    expect(paintFor({ isTTY: true }, {})('red', 'x')).not.toBe('x')
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })('red', 'x')).toBe('x')
    expect(paintFor({ isTTY: true }, { TERM: 'dumb' })('red', 'x')).toBe('x')
    expect(paintFor({ isTTY: false }, {})('red', 'x')).toBe('x')
    expect(paintFor({ isTTY: false }, { FORCE_COLOR: '1' })('red', 'x')).not.toBe('x')
  })

  test('progress tells how far, how fast and how long yet', () => {
    const text = progressText({ files: 50, bytes: 10_000_000, commits: 0, total: 200, done: 50, secrets: 2 }, 5000)
    expect(text).toBe(`[██████${'░'.repeat(18)}] 25 %  2.0 MB/s  15.0 s left  2 secrets`)
  })
})

test('the CI files that are shipped name options that exist', async () => {
  const { scanOptionRows } = await import('../src/command/options-table.ts')
  const names = new Set(scanOptionRows.map((row) => `--${row.name}`))
  for (const path of ['packages/scanner/ci/github/action.yml', 'packages/scanner/ci/gitlab/template.yml', '.pre-commit-hooks.yaml']) {
    const text = readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
    const used = [...text.matchAll(/(?<![\w-])--[a-z-]+/g)]
      .map((match) => match[0])
      .filter((name) => name !== '--yes' && name !== '---' && name !== '--')
    expect(used.length, path).toBeGreaterThan(0)
    for (const name of used) expect(names.has(name), `${path}: ${name}`).toBe(true)
  }
})
