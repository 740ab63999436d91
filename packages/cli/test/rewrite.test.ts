import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applied } from '../src/adopt/rewrite/edit.ts'
import { rewrite } from '../src/adopt/rewrite/rewrite.ts'

const reference = { variable: 'OPENAI_API_KEY', credential: 'cred_1', start: 'keyward run --grant grt_1 -- COMMAND' }

/** `§` stands for the secret. */
function rewritten(path: string, text: string): string {
  const secret = 'sk-FAKE-EXAMPLE-FAKE'
  const start = text.indexOf('§')
  const whole = text.replace('§', secret)
  const made = rewrite({ path, text: whole, start, end: start + secret.length }, reference)
  return 'byHand' in made ? `by hand: ${made.byHand}` : applied(whole, made.edits)
}

const comment = '# OPENAI_API_KEY is kept by Keyward as cred_1. Start with: keyward run --grant grt_1 -- COMMAND'

test.each([
  ['.env', 'OPENAI_API_KEY=§\nA=1\n', `${comment}\nA=1\n`],
  ['.env', 'A=1\r\nexport OPENAI_API_KEY = "§" # mine\r\n', `A=1\r\n${comment}\r\n`],
  ['.env.local', "KEY='§'", `KEY=\${OPENAI_API_KEY}`],
  ['a.mjs', "const k = '§'\n", 'const k = process.env.OPENAI_API_KEY\n'],
  ['a.ts', 'new OpenAI({ apiKey: `§`, x: 1 })', 'new OpenAI({ apiKey: process.env.OPENAI_API_KEY, x: 1 })'],
  ['a.ts', 'f(\n  "§",\n)', 'f(\n  process.env.OPENAI_API_KEY,\n)'],
  ['a.py', 'import os, sys\nk = "§"\n', 'import os, sys\nk = os.environ["OPENAI_API_KEY"]\n'],
  [
    'a.py',
    '"""import this"""\r\nfrom __future__ import annotations\r\nimport sys\r\nk = {"a": \'§\'}\r\n',
    '"""import this"""\r\nfrom __future__ import annotations\r\nimport os\r\nimport sys\r\nk = {"a": os.environ["OPENAI_API_KEY"]}\r\n',
  ],
  ['a.rb', "key = '§'", 'key = ENV.fetch("OPENAI_API_KEY")'],
  ['a.sh', 'curl -H "Authorization: Bearer §" x', `curl -H "Authorization: Bearer \${OPENAI_API_KEY}" x`],
  ['a.json', '{ "key": "§" }', `{ "key": "\${OPENAI_API_KEY}" }`],
  ['.vscode/mcp.json', '{ "key": "§" }', `{ "key": "\${env:OPENAI_API_KEY}" }`],
  ['a.yaml', 'key: §\n', `key: \${OPENAI_API_KEY}\n`],
  ['a.yml', "- 'Bearer §'\n", `- 'Bearer \${OPENAI_API_KEY}'\n`],
  ['a.toml', 'key = "§"', `key = "\${OPENAI_API_KEY}"`],
])('%s: %j becomes a reference, and everything else stays', (path, text, expected) => {
  expect(rewritten(path, text)).toBe(expected)
})

test.each([
  ['.env', 'URL=https://user:§@host/'],
  ['.env', 'KEYS=§,other'],
  ['a.js', "const k = 'Bearer §'"],
  ['a.js', 'const o = { "§": 1 }'],
  ['a.tsx', '<Chat apiKey="§" />'],
  ['a.py', 'k = "§"\n'],
  ['a.py', 'import os\nk = """§"""\n'],
  ['a.py', 'import os\nk = b"§"\n'],
  ['a.py', 'import os\nk = ("§"\n     "more")\n'],
  ['a.sh', "K='§'"],
  ['a.json', '{ "§": 1 }'],
  ['a.yaml', 'a: {b: §}'],
  ['a.yaml', 'a: |\n  §\n'],
  ['.github/workflows/ci.yml', 'env:\n  KEY: §\n'],
  ['secret.yaml', 'apiVersion: v1\nkind: Secret\nstringData:\n  key: §\n'],
  ['claude_desktop_config.json', '{ "env": { "KEY": "§" } }'],
  ['a.go', 'k := "§"'],
  ['app.log', 'key §'],
  ['photo.bin', '§'],
])('%s: %j is for a person to change', (path, text) => {
  expect(rewritten(path, text)).toMatch(/^by hand: \S/)
})

test('whatever stands around it, JSON stays JSON, and no byte but the secret changes', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), fc.string(), fc.boolean(), (others, before, after, pretty) => {
      const secret = 'sk-FAKE-EXAMPLE-FAKE'
      const text = Buffer.from(JSON.stringify({ ...others, key: before + secret + after }, null, pretty ? 2 : 0)).toString('latin1')
      const start = text.indexOf(secret)
      const made = rewrite({ path: 'a.json', text, start, end: start + secret.length }, reference)
      if ('byHand' in made) return
      const now = applied(text, made.edits)
      expect(() => JSON.parse(now)).not.toThrow()
      expect(now.replace(`\${OPENAI_API_KEY}`, secret)).toBe(text)
    }),
  )
})
