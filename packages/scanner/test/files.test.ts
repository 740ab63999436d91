import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { anthropicKey, folder, git, groqKey, scanFolder, scanTargets, tar, write, zip } from './material.ts'

const inside = (root: string, report: Awaited<ReturnType<typeof scanFolder>>) =>
  report.detections.flatMap((one) => one.sightings.map((sighting) => sighting.path.slice(root.length + 1))).sort()

describe('files and folders', () => {
  test('one secret in many files is one detection with all its places', async () => {
    const key = groqKey('many')
    const root = write(folder(), {
      '.env': `GROQ_API_KEY=${key}\n`,
      'src/a.py': `client = Groq("${key}")\n`,
      'deep/er/b.yaml': `key: ${key}\n`,
      'none.txt': 'nothing',
    })
    const report = await scanFolder(root)
    expect(report.detections).toHaveLength(1)
    expect(inside(root, report)).toEqual(['.env', 'deep/er/b.yaml', 'src/a.py'])
    expect(report.detections[0]?.sightings.find((one) => one.path.endsWith('.env'))?.what).toBe('dotenv')
    expect(report.counts.files).toBe(4)
  })

  test('many files are shared between threads, and none is missed or told twice', async () => {
    const files: Record<string, string> = {}
    for (let index = 0; index < 900; index++)
      files[`d${index % 7}/f${index}.txt`] = index % 9 === 0 ? `key ${groqKey(`t${index}`)}\n` : 'nothing here\n'
    const report = await scanTargets([{ kind: 'path', path: write(folder(), files) }], { threads: 2 })
    expect(report.counts.files).toBe(900)
    expect(report.detections).toHaveLength(100)
    expect(report.detections.every((one) => one.sightingsTotal === 1)).toBe(true)
  })

  test('ignored files are scanned and marked, ignored dependencies left out and told, .keywardignore left out', async () => {
    const key = groqKey('ignored')
    const root = write(folder(), {
      '.gitignore': '.env\nnode_modules/\n',
      '.keywardignore': 'fixtures/\n!fixtures/kept.txt\n*.bak\n',
      '.env': key,
      'node_modules/x/index.js': key,
      'old.bak': key,
      'src/old.bak': key,
      'fixtures/a.txt': key,
    })
    git(root, 'init', '-q')
    const report = await scanFolder(root)
    expect(inside(root, report)).toEqual(['.env'])
    expect(report.detections[0]?.sightings[0]?.ignored).toBe(true)
    expect(report.notices.map((one) => one.reason)).toEqual(['skipped'])
    expect(report.partial).toBe(false)
    expect(inside(root, await scanFolder(root, { everything: true }))).toEqual(['.env', 'node_modules/x/index.js'])
    expect(inside(root, await scanFolder(root, { respectGitignore: true }))).toEqual([])
    write(root, { '.gitignore': '/deep/*.local\n', 'deep/a.local': key, 'deep/.keywardignore': 'b.local', 'deep/b.local': key })
    const below = await scanFolder(`${root}/deep`)
    expect(below.detections.flatMap((one) => one.sightings)).toMatchObject([{ path: `${root}/deep/a.local`, ignored: true }])
  })

  test('links that lead in circles, FIFOs and sockets are not opened; the scan ends', async () => {
    const key = groqKey('links')
    const root = write(folder(), { 'real/a.txt': key })
    symlinkSync(root, join(root, 'real', 'loop'))
    symlinkSync('/dev/zero', join(root, 'zero'))
    symlinkSync(join(root, 'real', 'a.txt'), join(root, 'alias.txt'))
    execFileSync('mkfifo', [join(root, 'fifo')])
    expect(inside(root, await scanFolder(root))).toEqual(['real/a.txt'])
  })

  test.skipIf(process.getuid?.() === 0)('a file that may not be read is told, and makes the scan partial', async () => {
    const root = write(folder(), { 'closed.txt': groqKey('closed') })
    chmodSync(join(root, 'closed.txt'), 0)
    const report = await scanFolder(root)
    expect(report.partial).toBe(true)
    expect(report.notices[0]?.reason).toBe('unreadable')
  })

  test('a file that goes away between listing and reading does not stop the scan', async () => {
    const root = write(folder(), { 'there.txt': groqKey('there') })
    const gone = { file: join(root, 'gone.txt'), place: { source: 'file', path: 'gone.txt' } } as const
    const there = { file: join(root, 'there.txt'), place: { source: 'file', path: 'there.txt' } } as const
    const report = await scanTargets([{ kind: 'files', files: [gone, there] }])
    expect(report.detections).toHaveLength(1)
    expect(report.notices).toMatchObject([{ path: 'gone.txt', reason: 'changed' }])
  })

  test('a line of ten million characters costs no more than its bytes', async () => {
    const key = groqKey('long line')
    const root = write(folder(), { 'min.js': `${'var a=1;key(token)+"secret=";'.repeat(350_000)}"${key}"` })
    const report = await scanFolder(root)
    expect(report.detections.map((one) => one.sightings[0]?.line)).toEqual([1])
  })

  test('the values of a Kubernetes Secret are read, however short', async () => {
    const value = Buffer.from('mG7#kq2LpW').toString('base64')
    const root = write(folder(), { 'deploy/db.yaml': `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: ${value}\n` })
    const report = await scanFolder(root)
    expect(report.detections.map((one) => one.detector)).toEqual(['generic-password'])
  })

  test('logs of GitHub, GitLab and Jenkins: what is masked is no secret, what is not is found, also behind colours', async () => {
    const root = write(folder(), {
      'github.log': `2026-11-23T08:00:00.2Z env:\n2026-11-23T08:00:00.2Z   GROQ_API_KEY: ***\n2026-11-23T08:00:00.3Z   TOKEN: ${groqKey('github')}\n`,
      'gitlab.log': `section_start:1700000000:step_script\r\x1b[0K$ echo $KEY\n\x1b[32;1m${groqKey('gitlab')}\x1b[0;m\napi_key=[MASKED]\n`,
      'jenkins.log': `+ curl -H 'Authorization: Bearer ****'\n[Pipeline] sh\n\x1b[8mha:////4AAA\x1b[0m${groqKey('jenkins')}\n`,
    })
    const report = await scanFolder(root)
    const found = report.detections
      .map((one) => [one.sightings[0]?.path.slice(root.length + 1), one.sightings[0]?.line, one.detector])
      .sort()
    expect(found).toEqual([
      ['github.log', 3, 'groq-api-key'],
      ['gitlab.log', 2, 'groq-api-key'],
      ['jenkins.log', 3, 'groq-api-key'],
    ])
  })

  test('notebooks with their outputs, source maps, Terraform state and MCP clients of many makers are known for what they are', async () => {
    const mcp = (key: string) => JSON.stringify({ mcpServers: { x: { command: 'npx', args: ['x', '--api-key', key] } } })
    const root = write(folder(), {
      'a.ipynb': JSON.stringify({ cells: [{ cell_type: 'code', outputs: [{ text: [`key ${groqKey('ipynb')}\n`] }], source: [] }] }),
      'app.js.map': JSON.stringify({ version: 3, sourcesContent: [`new Groq({\n  apiKey: "${groqKey('map')}"\n})`] }),
      'prod.tfstate': JSON.stringify({ version: 4, resources: [{ instances: [{ attributes: { value: groqKey('tfstate') } }] }] }),
      '.cursor/mcp.json': mcp(groqKey('cursor')),
      '.vscode/mcp.json': JSON.stringify({ servers: { x: { headers: { Authorization: `Bearer ${groqKey('vscode')}` } } } }),
      'claude_desktop_config.json': mcp(groqKey('desktop')),
      '.gemini/settings.json': mcp(groqKey('gemini')),
      '.codex/config.toml': `[mcp_servers.x.env]\nGROQ_API_KEY = "${groqKey('codex')}"\n`,
      '.config/goose/config.yaml': `extensions:\n  x:\n    envs:\n      GROQ_API_KEY: ${groqKey('goose')}\n`,
    })
    const report = await scanFolder(root)
    const found = Object.fromEntries(
      report.detections.flatMap((one) => one.sightings.map(({ path, what }) => [path.slice(root.length + 1), what])),
    )
    const client = 'MCP client configuration'
    expect(found).toEqual({
      'a.ipynb': 'notebook',
      'app.js.map': 'source map',
      'prod.tfstate': 'Terraform state',
      '.cursor/mcp.json': client,
      '.vscode/mcp.json': client,
      'claude_desktop_config.json': client,
      '.gemini/settings.json': client,
      '.codex/config.toml': client,
      '.config/goose/config.yaml': client,
    })
  })

  test('who said it and when is read from a chat export, and from mail', async () => {
    const slack = JSON.stringify([
      { type: 'message', user: 'U1', user_profile: { real_name: 'Bo' }, text: `use ${groqKey('slack')}`, ts: '1767323045.000100' },
    ])
    const discord = JSON.stringify({
      messages: [{ timestamp: '2026-01-02T03:04:05+00:00', content: `key ${groqKey('discord')}`, author: { name: 'cy' } }],
    })
    const mail = `From: Di <di@example.com>\nDate: Fri, 02 Jan 2026 03:04:05 +0000\nContent-Transfer-Encoding: quoted-printable\n\nthe key is ${groqKey('mail').replace(/^(.{30})/, '$1=\n')}\n`
    const teams = JSON.stringify({
      messages: [
        {
          from: { user: { displayName: 'Ed' } },
          createdDateTime: '2026-01-02T03:04:05Z',
          body: { contentType: 'html', content: `<p>use ${groqKey('teams')}</p>` },
        },
      ],
    })
    const root = write(folder(), { 'general/2026-01-02.json': slack, 'discord.json': discord, 'box.eml': mail, 'teams.json': teams })
    const report = await scanFolder(root)
    const said = report.detections
      .map((one) => [one.sightings[0]?.path.slice(root.length + 1), one.sightings[0]?.author, one.sightings[0]?.at])
      .sort()
    expect(said).toEqual([
      ['box.eml', 'Di <di@example.com>', '2026-01-02T03:04:05.000Z'],
      ['discord.json', 'cy', '2026-01-02T03:04:05.000Z'],
      ['general/2026-01-02.json', 'Bo', '2026-01-02T03:04:05.000Z'],
      ['teams.json', 'Ed', '2026-01-02T03:04:05.000Z'],
    ])
  })
})

describe('archives', () => {
  test('zip, jar, wheel, tar, gzip and zstd are opened, by their bytes and not their names, also within each other', async () => {
    const key = (name: string) => `k = "${anthropicKey(name)}"\n`
    const inner = zip({ 'app/config.py': key('nested') })
    const root = write(folder(), {
      'a.zip': zip({ 'x.txt': key('zip') }),
      'lib.jar': zip({ 'META-INF/app.properties': key('jar') }),
      'p-1.0.whl': zip({ 'p/keys.py': key('wheel') }),
      'b.tar': await tar({ 'x/y.txt': key('tar') }),
      'c.tgz': gzipSync(await tar({ 'deep/er.txt': key('tgz') })),
      'd.log.gz': gzipSync(key('gz')),
      'e.zst': zstdCompressSync(Buffer.from(key('zst'))),
      noname: gzipSync(await tar({ 'in.zip': inner })),
    })
    const report = await scanFolder(root)
    expect(report.notices).toEqual([])
    expect(inside(root, report)).toEqual([
      'a.zip!x.txt',
      'b.tar!x/y.txt',
      'c.tgz!c.tar!deep/er.txt',
      'd.log.gz!d.log',
      'e.zst!e',
      'lib.jar!META-INF/app.properties',
      'noname!in.zip!app/config.py',
      'p-1.0.whl!p/keys.py',
    ])
  })

  test('a bomb is bounded and told; the files beside it are scanned', async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024)
    let bomb = zip(Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`z${index}`, zeros])))
    bomb = zip({ a: bomb, b: bomb })
    let nested: Buffer = gzipSync('end')
    for (let depth = 0; depth < 12; depth++) nested = gzipSync(nested)
    const root = write(folder(), {
      'bomb.zip': bomb,
      'deep.gz': nested,
      'broken.zip': Buffer.from('PK\x03\x04 not really'),
      'cut.gz': gzipSync(Buffer.alloc(5000, 'x')).subarray(0, 30),
      'key.txt': groqKey('beside'),
    })
    const report = await scanFolder(root)
    expect(inside(root, report)).toEqual(['key.txt'])
    const told = report.notices.map((one) => [one.path.slice(root.length + 1).replace(/!.*/, ''), one.reason])
    expect(told).toEqual(
      expect.arrayContaining([
        ['bomb.zip', 'bounded'],
        ['deep.gz', 'bounded'],
        ['broken.zip', 'broken'],
        ['cut.gz', 'broken'],
      ]),
    )
    expect(report.partial).toBe(true)
  }, 60_000)
})
