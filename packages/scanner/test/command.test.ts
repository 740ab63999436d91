import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { camelCase, type ScanFlags, scanOptionRows } from '../src/command/options-table.ts'
import { runScan } from '../src/command/run-scan.ts'
import type { Detection } from '../src/detection/detection.ts'
import type { VerifyCall } from '../src/detector.ts'
import { verifier } from '../src/verify/verify.ts'
import { anthropicKey, folder, git, groqKey, repository, scanFolder, scanTargets, terminal, write, zip } from './material.ts'

const main = join(import.meta.dirname, '../src/main.ts')

async function run(paths: string[], flags: ScanFlags = {}, stdin = '') {
  const io = terminal(stdin)
  const code = await runScan(paths, { threads: '1', ...flags }, io)
  return { code, out: io.out(), err: io.err() }
}

describe('exit codes', () => {
  test('0 where nothing is, 1 where a secret is, 2 where the use is wrong or not all could be looked at', async () => {
    expect((await run([write(folder(), { 'a.txt': 'nothing' })])).code).toBe(0)
    expect((await run([write(folder(), { 'a.txt': groqKey('code') })])).code).toBe(1)
    expect((await run([write(folder(), { 'a.gz': Buffer.from([0x1f, 0x8b, 8, 0, 1]) })])).code).toBe(2)
    expect(await run(['/no/such/place'])).toMatchObject({ code: 2, err: 'keyward scan: /no/such/place does not exist\n' })
    expect(await run([folder()], { format: 'pdf' })).toMatchObject({ code: 2 })
    expect((await run([folder()], { git: true })).err).toContain('not in a git repository')
  })

  test('the real process, from a folder that is a repository, finds files and history and answers 1', async () => {
    const root = repository({ '.env': `GROQ_API_KEY=${groqKey('process')}\n` })
    git(root, 'rm', '-q', '.env')
    git(root, 'commit', '-qm', 'gone')
    const child = spawnSync(process.execPath, [main, 'scan', '--json'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: folder() },
    })
    expect(child.stderr).toBe('')
    expect(child.status).toBe(1)
    expect(JSON.parse(child.stdout).detections[0].sightings[0]).toMatchObject({ source: 'git', path: '.env' })
  })

  test('an option that does not exist is a wrong use', () => {
    const child = spawnSync(process.execPath, [main, 'scan', '--nonsense'], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: folder() },
    })
    expect(child.status).toBe(2)
  })
})

describe('what is allowed', () => {
  test('a mark in the line needs a reason, and holds until its end', async () => {
    const key = (name: string, mark: string) => `${name}=${groqKey(name)} # ${mark}\n`
    const root = write(folder(), {
      'a.env':
        key('A', 'keyward:allow reason="kept for the demo" owner=ana until=2027-01-31') +
        key('B', 'keyward:allow') +
        key('C', 'keyward:allow reason=old until=2026-01-01') +
        key('D', 'gitleaks:allow') +
        `# keyward:allow-next-line reason="shown in the course"\n${key('E', 'nothing')}`,
    })
    const report = await scanFolder(root, { now: new Date('2026-11-23') })
    const allowed = report.detections
      .map((one) => [one.sightings[0]?.line, one.allowed?.reason, one.allowed?.owner, one.allowed?.until])
      .sort()
    expect(allowed).toEqual([
      [1, 'kept for the demo', 'ana', '2027-01-31'],
      [2, undefined, undefined, undefined],
      [3, undefined, undefined, undefined],
      [4, 'marked gitleaks:allow', undefined, undefined],
      [6, 'shown in the course', undefined, undefined],
    ])
    expect(report.remarks[0]).toContain('2 keyward:allow marks have no effect')
  })

  test('an allow-list names owner, reason and end; what ended or excuses nothing is told', async () => {
    const key = groqKey('file')
    const { createHash } = await import('node:crypto')
    const root = write(folder(), { 'test/data/a.txt': groqKey('fixture'), 'b.txt': key, 'c.txt': groqKey('over') })
    const entry = (what: string, until = '2027-06-30') => `  - { ${what}, owner: ana, reason: known, until: ${until} }\n`
    const list = `allow:\n${entry(`path: '${root}/test/**'`)}${entry(`fingerprint: 'sha256:${createHash('sha256').update(key).digest('hex')}'`)}${entry(`path: '${root}/c.txt'`, '2026-01-01')}${entry("detector: 'never-*'")}`
    write(root, { 'keyward-allow.yaml': list })
    const report = await scanFolder(root, { now: new Date('2026-11-23') })
    expect(report.detections.filter((one) => !one.allowed).map((one) => one.sightings[0]?.path)).toEqual([`${root}/c.txt`])
    expect(report.remarks.join('\n')).toMatch(/ended on 2026-01-01[\s\S]*never-\* excuses nothing/)
    write(root, { 'keyward-allow.yaml': 'allow:\n  - { path: a, reason: x, until: 2027-01-01 }\n' })
    expect(await run([root])).toMatchObject({ code: 2, err: expect.stringContaining('`owner` is missing') })
  })

  test('a baseline hides what was there, not what comes', async () => {
    const root = write(folder(), { 'a.txt': groqKey('old') })
    const baseline = join(folder(), 'baseline.json')
    expect((await run([root], { writeBaseline: baseline })).code).toBe(0)
    expect(readFileSync(baseline, 'utf8')).not.toContain(groqKey('old'))
    expect((await run([root], { baseline })).code).toBe(0)
    write(root, { 'moved/a.txt': `\n\n${groqKey('old')}` })
    expect((await run([root], { baseline })).code).toBe(0)
    write(root, { 'b.txt': groqKey('new') })
    expect((await run([root], { baseline })).code).toBe(1)
    expect(await run([root], { baseline: join(root, 'b.txt') })).toMatchObject({ code: 2, err: expect.stringContaining('is no baseline') })
  })
})

describe('own detectors', () => {
  test('in the built-in form, also with a pattern that would hang a backtracking engine', async () => {
    const rules = write(folder(), {
      'acme.yaml': `provider: acme
name: Acme
detectors:
  - id: acme-key
    name: Acme key
    kind: api_key
    purpose: tool
    authority: [consume]
    severity: high
    pattern: '(?:[a-z]+)+acme_(?<secret>[A-Za-z0-9]{24})'
    keywords: [acme_]
    confidence: high
    revoke: { how: Ask Acme to end it. }
    examples: { match: ['xacme_${groqKey('example').slice(4, 28)}'], noMatch: [] }
    source: own
`,
    })
    const secret = groqKey('acme').slice(4, 28)
    const root = write(folder(), { 'a.txt': `${'a'.repeat(50_000)}\nmyacme_${secret}\n${'acme_'.repeat(5000)}` })
    const report = await scanFolder(root, { detectors: [rules] })
    expect(report.detections.map((one) => [one.detector, one.sightings[0]?.line, one.sightings[0]?.column])).toEqual([['acme-key', 2, 8]])
  })

  test('a mistake in them is told with file, detector and fix', async () => {
    const rules = write(folder(), { 'acme.yaml': 'provider: acme\nname: Acme\ndetectors:\n  - { id: acme-key, name: x }\n' })
    expect(await run([folder()], { detectors: [rules] })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/acme\.yaml, detector 1 \(acme-key\): `pattern` must be a text/),
    })
  })

  test('gitleaks configurations are read as they are: secretGroup, keywords, path, allow-lists', async () => {
    const config = join(
      write(folder(), {
        'gitleaks.toml': `title = "x"
[[rules]]
id = "acme"
description = "Acme token"
regex = '''(?i)acme[_-]token\\s*=\\s*["']([a-z0-9]{32})["']'''
secretGroup = 1
keywords = ["acme"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''for the manual''']
[[rules.allowlists]]
stopwords = ["stopword"]
[[rules]]
id = "only-py"
regex = '''zz_[a-z0-9]{24}'''
keywords = ["zz_"]
path = '''\\.py$'''
[[allowlists]]
paths = ['''^.*/vendor/''']
`,
      }),
      'gitleaks.toml',
    )
    const token = (seed: string) => groqKey(seed).slice(4, 36).toLowerCase()
    const root = write(folder(), {
      'a.cfg': `ACME_TOKEN = "${token('a')}"\nacme_token = "${token('b')}" # for the manual\nacme_token = "stopword${token('c').slice(8)}"\n`,
      'vendor/a.cfg': `acme_token = '${token('d')}'`,
      'b.py': `k = "zz_${token('e').slice(0, 24)}"`,
      'b.txt': `k = "zz_${token('f').slice(0, 24)}"`,
    })
    const report = await scanFolder(root, { gitleaks: [config], only: ['gitleaks'] })
    expect(
      report.detections.map((one) => [one.detector, one.sightings[0]?.path.slice(root.length + 1), one.sightings[0]?.line]).sort(),
    ).toEqual([
      ['gitleaks-acme', 'a.cfg', 1],
      ['gitleaks-only-py', 'b.py', 1],
    ])
  })
})

describe('streams', () => {
  test('stdin is scanned to its end', async () => {
    const { code, out } = await run(['-'], {}, `one\ntwo ${groqKey('stdin')}\n`)
    expect(code).toBe(1)
    expect(out).toContain('stdin:2:5')
  })

  test('a live log tells a secret while it still runs', async () => {
    const stream = new PassThrough()
    const told = Promise.withResolvers<Detection>()
    const done = scanTargets([{ kind: 'stream', stream, name: 'live', source: 'log' }], { onDetection: (one) => told.resolve(one) })
    stream.write(`starting\nAuthorization: Bearer ${groqKey('live')}\n`)
    expect((await told.promise).sightings[0]).toMatchObject({ path: 'live', line: 2 })
    stream.end('the end\n')
    expect((await done).detections).toHaveLength(1)
  })

  test('a log of any length takes constant memory', async () => {
    const line = `${'2026-11-23T08:00:00Z INFO request served in 12 ms path=/v1/items status=200 '.repeat(12)}\n`
    const block = Buffer.from(line.repeat(1000))
    let left = 150
    const stream = new (await import('node:stream')).Readable({
      read() {
        this.push(left-- > 0 ? block : null)
      },
    })
    const before = process.memoryUsage()
    let most = 0
    const report = await scanTargets([{ kind: 'stream', stream, name: 'long', source: 'log' }], {
      onProgress: () => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before.arrayBuffers)
      },
    })
    expect(report.counts.bytes).toBe(block.length * 150)
    expect(most).toBeLessThan(block.length * 60)
  })

  test('a redacted copy holds no secret, and is the same text otherwise', async () => {
    const [a, b] = [groqKey('r1'), anthropicKey('r2')]
    const text = `start ${a}\n{"k":"${b}"}\nagain ${a}\nb64 ${Buffer.from(`key=${b}`).toString('base64')}\nend\n`
    const source = join(write(folder(), { 'app.log': text }), 'app.log')
    const copy = join(folder(), 'copy.log')
    expect(await run([source], { redact: copy })).toMatchObject({ code: 0, err: expect.stringContaining('4 secrets replaced') })
    const redacted = readFileSync(copy, 'utf8')
    for (const secret of [a, b, Buffer.from(`key=${b}`).toString('base64').slice(8, 40)]) expect(redacted).not.toContain(secret)
    expect(redacted.replace(/\[redacted [^\]]+\]/g, '*')).toBe('start *\n{"k":"*"}\nagain *\nb64 *\nend\n')
    const tags = [...redacted.matchAll(/\[redacted \S+ (\w+)\]/g)].map((match) => match[1])
    expect(tags[0]).toBe(tags[2])
    expect(tags[0]).not.toBe(tags[1])
    expect(statSync(copy).mode & 0o077).toBe(0)
    expect(await run([source], { redact: copy })).toMatchObject({ code: 2, err: expect.stringContaining('EEXIST') })
  })
})

describe('redacted exports', () => {
  test('a folder is copied file by file, one secret with one tag throughout; the original stays', async () => {
    const key = groqKey('export')
    const source = write(folder(), { 'general/2026-01-02.json': `[{"text":"try ${key}"}]`, 'ops/a.txt': `${key}\n`, 'c.txt': 'nothing' })
    const copy = join(folder(), 'copy')
    expect(await run([source], { redact: copy })).toMatchObject({ code: 0, err: expect.stringContaining('2 secrets replaced in 3 files') })
    const [one, two] = ['general/2026-01-02.json', 'ops/a.txt'].map((name) => readFileSync(join(copy, name), 'utf8'))
    expect(one + String(two)).not.toContain(key)
    expect(/\[redacted \S+ \w+\]/.exec(one ?? '')?.[0]).toBe(two?.trim())
    expect(readFileSync(join(copy, 'c.txt'), 'utf8')).toBe('nothing')
    expect(readFileSync(join(source, 'ops/a.txt'), 'utf8')).toContain(key)
    expect(await run([source], { redact: join(source, 'inside') })).toMatchObject({
      code: 2,
      err: expect.stringContaining('must not lie in'),
    })
  })

  test('what is packed would keep its secrets: it is refused, and in a folder left out and told', async () => {
    const source = write(folder(), { 'x.zip': zip({ 'a.txt': groqKey('packed') }), 'a.txt': 'one' })
    const copy = join(folder(), 'copy')
    const refused = await run([join(source, 'x.zip')], { redact: copy })
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('unpack it') })
    expect(existsSync(copy)).toBe(false)
    const piped = await run(['-'], { redact: copy }, zip({ 'a.txt': groqKey('piped') }).toString('latin1'))
    expect(piped).toMatchObject({ code: 2, err: expect.stringContaining('(zip)') })
    expect(existsSync(copy)).toBe(false)
    expect(await run([source], { redact: copy })).toMatchObject({ code: 2, err: expect.stringContaining('x.zip (zip)') })
    expect(existsSync(join(copy, 'a.txt'))).toBe(true)
    expect(existsSync(join(copy, 'x.zip'))).toBe(false)
  })
})

describe('hooks', () => {
  const shim = (root: string) => {
    const bin = join(root, 'keyward')
    writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
    chmodSync(bin, 0o755)
    return { ...process.env, PATH: `${root}:${process.env.PATH}`, HOME: root, XDG_CACHE_HOME: root }
  }

  test('a commit that brings a secret is refused, any other passes', async () => {
    const root = repository({ 'a.txt': 'one\n' })
    expect((await run([root], { installHook: 'pre-commit' })).code).toBe(0)
    const env = shim(folder())
    const commit = () =>
      spawnSync('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', 'commit', '-qm', 'x'], {
        cwd: root,
        env,
        encoding: 'utf8',
      })
    write(root, { 'a.txt': `one\n${groqKey('hook')}\n` })
    git(root, 'add', '.')
    const refused = commit()
    expect(refused.status).toBe(1)
    expect(refused.stdout + refused.stderr).toContain('a.txt:2:1')
    write(root, { 'a.txt': 'one\ntwo\n' })
    git(root, 'add', '.')
    expect(commit().status).toBe(0)
  })

  test('a push that brings a secret is refused by the receiving side', async () => {
    const server = folder()
    git(server, 'init', '-q', '--bare')
    expect((await run([server], { installHook: 'pre-receive' })).code).toBe(0)
    const root = repository({ 'a.txt': 'one\n' })
    const env = shim(folder())
    const push = promisify(execFile)
    await push('git', ['push', '-q', server, 'HEAD:refs/heads/main'], { cwd: root, env })
    write(root, { 'b.txt': groqKey('push') })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', 'second')
    write(root, { 'b.txt': 'clean\n' })
    git(root, 'commit', '-qam', 'third')
    await expect(push('git', ['push', '-q', server, 'HEAD:refs/heads/main'], { cwd: root, env })).rejects.toThrow(/b\.txt:1:1/)
    expect(git(server, 'rev-list', '--count', 'main').trim()).toBe('1')
  })

  test("another's hook is left alone, with the line to add", async () => {
    const root = repository({ 'a.txt': 'one\n' })
    writeFileSync(join(root, '.git/hooks/pre-commit'), '#!/bin/sh\n')
    expect(await run([root], { installHook: 'pre-commit' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('keyward scan --staged || exit 1'),
    })
  })
})

describe('verification', () => {
  const detection = { detector: 'groq-api-key' } as Detection

  async function provider(answer: (request: IncomingMessage) => number) {
    const seen: { url: string | undefined; authorization: string | undefined }[] = []
    const server = createServer((request, response) => {
      seen.push({ url: request.url, authorization: request.headers.authorization })
      response.writeHead(answer(request), { location: 'http://127.0.0.1:1/elsewhere' }).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { seen, origin: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
  }

  const callTo = (origin: string, changes: Partial<VerifyCall> = {}): VerifyCall => ({
    method: 'GET',
    url: `${origin}/v1/models`,
    headers: { authorization: 'Bearer {secret}' },
    alive: [200],
    dead: [401],
    requestsPerMinuteMax: 60,
    ...changes,
  })

  test('only clear answers count: a firewall, a redirect or silence says nothing', async () => {
    const statuses = [200, 401, 403, 302, 500]
    const { seen, origin, close } = await provider(() => statuses.shift() ?? 500)
    const verify = verifier(new Map([['groq-api-key', callTo(origin)]]), { wait: async () => undefined })
    const lives = []
    for (let index = 0; index < 5; index++) lives.push(await verify(detection, groqKey('v'), {}))
    expect(lives).toEqual(['alive', 'dead', 'unknown', 'unknown', 'unknown'])
    expect(seen).toHaveLength(5)
    expect(seen[0]?.authorization).toBe(`Bearer ${groqKey('v')}`)
    await close()
    expect(await verify(detection, groqKey('v'), {})).toBe('unknown')
  })

  test('calls keep the distance that the provider asks for', async () => {
    const { origin, close } = await provider(() => 200)
    const waits: number[] = []
    let clock = 0
    const verify = verifier(new Map([['groq-api-key', callTo(origin, { requestsPerMinuteMax: 6 })]]), {
      now: () => clock,
      wait: async (ms) => {
        waits.push(ms)
        clock += ms
      },
    })
    for (let index = 0; index < 3; index++) await verify(detection, groqKey('v'), {})
    expect(waits).toEqual([10_000, 10_000])
    await close()
  })

  test('a secret changes neither where a call goes nor its headers, and a missing part means no call', async () => {
    const { seen, origin, close } = await provider(() => 200)
    const verify = (call: VerifyCall, secret: string, parts = {}) => verifier(new Map([['groq-api-key', call]]))(detection, secret, parts)
    expect(await verify(callTo(origin, { url: `${origin}/bot{secret}/me`, headers: {} }), '../../x@evil.example/')).toBe('alive')
    expect(seen[0]?.url).toBe('/bot..%2F..%2Fx%40evil.example%2F/me')
    expect(await verify(callTo(origin), 'a\r\nx-evil: 1')).toBe('unknown')
    expect(await verify(callTo(origin, { headers: { authorization: 'Basic {part:id}:{secret}' } }), 's3cret')).toBe('unknown')
    expect(await verify(callTo(origin, { headers: { authorization: 'Basic {part:id}:{secret}' } }), 's3cret', { id: 'me' })).toBe('alive')
    expect(seen.at(-1)?.authorization).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`)
    await close()
  })

  test('without --verify no scan opens a connection', () => {
    const root = write(folder(), { 'a.txt': groqKey('offline') })
    const guard = join(
      write(folder(), {
        'guard.mjs':
          "import net from 'node:net'\nnet.Socket.prototype.connect = () => { throw new Error('a connection was opened') }\nglobalThis.fetch = () => { throw new Error('fetch was called') }\n",
      }),
      'guard.mjs',
    )
    const child = spawnSync(process.execPath, ['--import', guard, main, 'scan', root, '--json'], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: folder() },
    })
    expect(child.stderr).toBe('')
    expect(child.status).toBe(1)
  })
})

describe('this machine', () => {
  test('known places of MCP clients, agents and shells in the home folder are scanned, and told below ~', () => {
    const home = write(folder(), {
      '.claude.json': JSON.stringify({ mcpServers: { x: { command: 'npx', env: { GROQ_API_KEY: groqKey('mcp') } } } }),
      '.bash_history': `export ANTHROPIC_API_KEY=${anthropicKey('shell')}\n`,
      '.codex/history.jsonl': `{"text":"my key is ${groqKey('codex')}"}\n`,
      'Documents/notes.txt': groqKey('elsewhere'),
    })
    const child = spawnSync(process.execPath, [main, 'scan', '--machine', '--json'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: folder() },
    })
    const found = (JSON.parse(child.stdout).detections as Detection[]).map((one) => one.sightings[0]?.path).sort()
    expect(found).toEqual(['~/.bash_history', '~/.claude.json', '~/.codex/history.jsonl'])
  })

  test.skipIf(!existsSync('/proc/self/environ'))("environments of one's own processes are scanned", async () => {
    const { spawn } = await import('node:child_process')
    const child = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, GROQ_API_KEY: groqKey('environment') } })
    await new Promise((resolve) => child.once('spawn', resolve))
    const report = await scanTargets([{ kind: 'processes' }])
    child.kill()
    const mine = report.detections.flatMap((one) => one.sightings).filter((one) => one.path.startsWith(`process ${child.pid} `))
    expect(mine).toHaveLength(1)
    expect(mine[0]).toMatchObject({ source: 'process', what: 'environment' })
  })
})

test('each option of the table has a text, and names that programs can use', () => {
  for (const row of scanOptionRows) {
    expect(row.text.length).toBeGreaterThan(5)
    expect(camelCase(row.name)).toMatch(/^[a-zA-Z]+$/)
    expect(row.type === 'flag').toBe(row.value === undefined)
  }
})
