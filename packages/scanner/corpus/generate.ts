import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { assignments, bare, type Host, special } from './hosts.ts'
import { alphabets, Dice, makeSecret, parseShape } from './shapes.ts'

/** One case: a small file, and what has to be found in it. */
export interface Case {
  readonly name: string
  readonly path: string
  readonly text: string
  /** What must be reported there, by detector; empty for a look-alike. */
  readonly expect: readonly { readonly detector: string; readonly secret: string }[]
  /** The detector whose format the case is about. */
  readonly about: string
}

export interface Format {
  readonly shapes: readonly string[]
  readonly names: readonly string[]
  readonly host?: string
  readonly seal?: string
  /** `name`: the shape alone says too little; the name must stand by it. */
  readonly needs?: 'name'
  /** Public by nature: known by its name, but never reported as a secret. */
  readonly public?: boolean
}

const here = import.meta.dirname

/** The formats by detector id. */
export function formats(): Readonly<Record<string, Format>> {
  return parse(readFileSync(join(here, 'formats.yaml'), 'utf8')) as Record<string, Format>
}

/** A secret of the detector's format, random-looking, from the seed: for tests of whatever needs one that the scanner reports. */
export function secretFor(detector: string, seed: string): string {
  const format = formats()[detector]
  if (format === undefined) throw new Error(`no format ${detector}`)
  const dice = new Dice(`${detector} ${seed}`)
  return makeSecret(dice.pick(format.shapes), seed, { seal: format.seal })
}

function hostsOf(format: Format): readonly Host[] {
  if (format.host !== undefined) return special[format.host] ?? []
  return format.needs === 'name' ? assignments : [...assignments, ...bare]
}

/** At least `least` files with a secret of the format in them, each host and shape and name in turn. */
export function trueCases(detector: string, format: Format, least: number, seed: string): Case[] {
  const hosts = hostsOf(format)
  const count = Math.max(least, format.host === undefined ? hosts.length : 0)
  return Array.from({ length: count }, (_, at): Case => {
    const host = hosts[at % hosts.length] as Host
    const shape = format.shapes[at % format.shapes.length] as string
    const name = format.names[at % format.names.length] as string
    const secret = makeSecret(shape, `${seed} true ${detector} ${at}`, { seal: format.seal })
    return { name: `${detector} true ${at}`, path: host.path, text: host.text(name, secret), expect: [{ detector, secret }], about: detector }
  })
}

/** Files that hold something like a secret of the format that is none, each for a reason that `name` gives. */
export function falseCases(detector: string, format: Format, least: number, seed: string): Case[] {
  const hosts = hostsOf(format)
  const kinds = mutations(format)
  const count = Math.max(least, kinds.length)
  const cases: Case[] = []
  for (let at = 0; at < count; at++) {
    const [why, change] = kinds[at % kinds.length] as Mutation
    const host = hosts[(at * 7 + Math.floor(at / kinds.length)) % hosts.length] as Host
    const shape = format.shapes[at % format.shapes.length] as string
    const name = format.names[at % format.names.length] as string
    const dice = new Dice(`${seed} false ${detector} ${at}`)
    const secret = change(shape, `${seed} false ${detector} ${at}`, dice, format)
    if (secret === undefined) continue
    cases.push({ name: `${detector} false ${at}: ${why}`, path: host.path, text: host.text(name, secret), expect: [], about: detector })
  }
  return cases
}

type Mutation = readonly [why: string, change: (shape: string, seed: string, dice: Dice, format: Format) => string | undefined]

/** Whether every random part of the shape has one length and no structure: only then is one character less or more wrong. */
function isFixed(format: Format): boolean {
  return format.host === undefined && format.shapes.every((shape) => parseShape(shape).every((part) => 'literal' in part || ('least' in part && part.least === part.most)))
}

/** Other shapes of the format, or of itself, that a shortened or lengthened one would happen to be. */
function lengthsOf(format: Format): ReadonlySet<number> {
  return new Set(format.shapes.map((shape) => makeSecret(shape, 'length', { seal: format.seal }).length))
}

function body(shape: string, fill: (alphabet: string, length: number) => string): string {
  return parseShape(shape)
    .map((part) => ('literal' in part ? part.literal : 'special' in part ? '' : fill(part.alphabet, part.least)))
    .join('')
}

const repeat = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length)).slice(0, length)
const inAlphabet = (text: string, alphabet: string): string => [...text].filter((char) => alphabet.includes(char)).join('') || (alphabet[0] as string)

function mutations(format: Format): Mutation[] {
  const plain = !format.shapes.some((shape) => parseShape(shape).some((part) => 'special' in part))
  const all: Mutation[] = [
    ['a template', (_, __, dice, f) => `\${${f.names[dice.below(f.names.length)]}}`],
    ['masked', (shape, seed) => `${makeSecret(shape, seed).slice(0, 6)}***************`],
    ['to be filled in', (shape) => `${(parseShape(shape)[0] as { literal?: string }).literal ?? ''}<your-key-here>`],
    ['its beginning and dots', (shape, seed) => `${makeSecret(shape, seed).slice(0, 9)}...`],
    ['a stand-in', (shape) => `${(parseShape(shape)[0] as { literal?: string }).literal ?? ''}YOUR_API_KEY_HERE`],
  ]
  if (plain) {
    all.push(
      ['one character repeated', (shape) => body(shape, (alphabet, length) => repeat(alphabet.includes('x') ? 'x' : alphabet.includes('X') ? 'X' : '0', length))],
      ['the alphabet', (shape) => body(shape, (alphabet, length) => repeat(inAlphabet(alphabet.includes('g') ? 'abcdefghijklmnopqrstuvwxyz' : alphabet.includes('G') ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' : '0123456789abcdef', alphabet), length))],
      ['counting', (shape) => body(shape, (alphabet, length) => repeat(inAlphabet('1234567890', alphabet), length))],
      ['a short piece over and over', (shape, _, dice) => body(shape, (alphabet, length) => (length < 16 ? repeat(alphabet[5] ?? '', length) : repeat(dice.text(alphabet, 4), length)))],
      ['marked EXAMPLE', (shape, seed) => { const secret = makeSecret(shape, seed, { seal: format.seal }); return `${secret.slice(0, -7)}EXAMPLE` }],
    )
  }
  if (isFixed(format)) {
    const lengths = lengthsOf(format)
    all.push(
      ['one character short', (shape, seed) => { const secret = makeSecret(shape, seed, { seal: format.seal }); return lengths.has(secret.length - 1) ? undefined : secret.slice(0, -1) }],
      ['one character long', (shape, seed, dice) => { const secret = makeSecret(shape, seed, { seal: format.seal }); return lengths.has(secret.length + 1) ? undefined : secret + dice.text(lastAlphabet(shape), 1) }],
      ['half of it', (shape, seed) => { const secret = makeSecret(shape, seed); return lengths.has(secret.length >> 1) ? undefined : secret.slice(0, secret.length >> 1) }],
    )
  }
  if (format.seal !== undefined) {
    const spoil = (from: number): Mutation => ['wrong checksum', (shape, seed, dice) => {
      const secret = makeSecret(shape, seed, { seal: format.seal })
      const at = Math.floor(secret.length * from) + dice.below(4)
      return `${secret.slice(0, at)}${secret[at] === 'a' ? 'b' : 'a'}${secret.slice(at + 1)}`
    }]
    all.push(spoil(0.4), spoil(0.5), spoil(0.6), ['no checksum at all', (shape, seed) => makeSecret(shape, seed)])
  }
  return all
}

function lastAlphabet(shape: string): string {
  const random = parseShape(shape).filter((part) => 'alphabet' in part)
  return random.at(-1)?.alphabet ?? alphabets.a ?? ''
}

/** Digests, identifiers, versions and model names where no secret is, near the names of providers. */
export function lookAlikes(names: readonly string[], count: number, seed: string): Case[] {
  const hex = (dice: Dice, length: number): string => dice.text(alphabets.h ?? '', length)
  const kinds: readonly (readonly [string, string, (name: string, dice: Dice) => string])[] = [
    ['a commit', 'CHANGELOG', (n, d) => `* ${n}: pin ${n}-sdk to commit ${hex(d, 40)}\n`],
    ['a checksum list', 'SHA256SUMS', (n, d) => `${hex(d, 64)}  ${n}-client-1.2.3.tar.gz\n`],
    ['an MD5 list', 'MD5SUMS', (n, d) => `${hex(d, 32)} *${n}.whl\n`],
    ['lock-file integrity', 'package-lock.json', (n, d) => `"node_modules/${n}": {"version": "1.0.0", "integrity": "sha512-${d.text(alphabets.b ?? '', 86)}=="}\n`],
    ['a lock file', 'poetry.lock', (n, d) => `[[package]]\nname = "${n}"\nfiles = [{file = "${n}-1.whl", hash = "sha256:${hex(d, 64)}"}]\n`],
    ['an image digest', 'deploy.yaml', (n, d) => `image: registry.internal/${n}@sha256:${hex(d, 64)}\n`],
    ['a request id', 'app.log', (n, d) => `info ${n} request_id=${hex(d, 8)}-${hex(d, 4)}-4${hex(d, 3)}-a${hex(d, 3)}-${hex(d, 12)} 200\n`],
    ['a trace', 'trace.json', (n, d) => `{"service":"${n}","trace_id":"${hex(d, 32)}","span_id":"${hex(d, 16)}"}\n`],
    ['an id', 'config.json', (n, d) => `{"provider":"${n}","project_id":"${hex(d, 8)}-${hex(d, 4)}-4${hex(d, 3)}-9${hex(d, 3)}-${hex(d, 12)}"}\n`],
    ['a model name', 'models.yaml', (n) => `model: ${n}/claude-sonnet-4-20250514\nembedding: text-embedding-3-large\nfallback: mistral-large-2411\n`],
    ['a public key', 'authorized_keys', (n, d) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${d.text(alphabets.b ?? '', 43)} ${n}\n`],
    ['a PEM public key', 'key.pub', (_, d) => `-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${d.text(alphabets.b ?? '', 84)}==\n-----END PUBLIC KEY-----\n`],
    ['a variable', 'client.ts', (n) => `const client = create({ apiKey: process.env.${n.toUpperCase()}_API_KEY, secretKey: config.${n}SecretKey })\n`],
    ['a reference', 'ci.yml', (n) => `env:\n  ${n.toUpperCase()}_API_KEY: \${{ secrets.${n.toUpperCase()}_API_KEY }}\n`],
    ['an empty setting', '.env.example', (n) => `${n.toUpperCase()}_API_KEY=\n${n.toUpperCase()}_SECRET_KEY=""\n`],
    ['words', 'settings.py', (n) => `API_KEY_HEADER = "x-${n}-authorization-header"\nsecret_key_name = "${n}-production-signing-key"\n`],
    ['an ETag', 'headers.txt', (n, d) => `x-served-by: ${n}\netag: "${hex(d, 32)}"\n`],
    ['a file name', 'index.html', (n, d) => `<script src="/assets/${n}-${hex(d, 32)}.js"></script>\n`],
    ['a commit in an address', 'README', (n, d) => `See https://git.internal/${n}/${n}/blob/${hex(d, 40)}/src/index.ts\n`],
    ['a data digest', 'weights.json', (n, d) => `{"repo": "${n}/base-7b", "sha": "${hex(d, 40)}", "sha256": "${hex(d, 64)}"}\n`],
    ['base64 of an image', 'page.css', (n, d) => `.${n}{background:url(data:image/png;base64,iVBORw0KGgo${d.text(alphabets.b ?? '', 300)}=)}\n`],
  ]
  return Array.from({ length: count }, (_, at): Case => {
    const [why, path, text] = kinds[at % kinds.length] as (typeof kinds)[number]
    const dice = new Dice(`${seed} look-alike ${at}`)
    return { name: `look-alike ${at}: ${why}`, path, text: text(dice.pick(names), dice), expect: [], about: 'look-alike' }
  })
}

/**
 * The hand-made cases: `true/` and `false/`, one file each. In a true one `⟦detector-id⟧` stands for a secret that is made when the
 * corpus is read, so that none is committed; a number in it (`⟦detector-id 2⟧`) names a second one.
 */
export function handMade(): Case[] {
  const all = formats()
  return (['true', 'false'] as const).flatMap((kind) =>
    readdirSync(join(here, kind))
      .sort()
      .map((file): Case => {
        const expect: { detector: string; secret: string }[] = []
        const text = readFileSync(join(here, kind, file), 'utf8').replace(/⟦([a-z0-9-]+)(?: (\d+))?⟧/g, (_, detector: string, which: string | undefined) => {
          const format = all[detector]
          if (format === undefined) throw new Error(`${file} names ${detector}, which has no format`)
          const secret = makeSecret(format.shapes[0] as string, `${file} ${detector} ${which ?? ''}`, { seal: format.seal })
          expect.push({ detector, secret })
          return secret
        })
        return { name: `${kind}/${file}`, path: file.replace(/^\d+-/, '').replace(/~/g, '/'), text, expect: kind === 'true' ? expect : [], about: `hand-made ${kind}` }
      }),
  )
}
