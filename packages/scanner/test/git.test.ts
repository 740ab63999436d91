import { spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { anthropicKey, git, groqKey, repository, scanTargets, write, zip } from './material.ts'

const history = (root: string, onlyNew = false) => scanTargets([{ kind: 'git', repository: root, onlyNew }])

describe('git history', () => {
  test('a key that was removed long ago is found in the commit that brought it, with its author and line', async () => {
    const key = groqKey('history')
    const root = repository({ 'src/app.py': `import groq\n\nclient = Groq("${key}")\n`, 'readme.md': 'hello\n' })
    const hash = git(root, 'rev-parse', 'HEAD').trim()
    write(root, { 'src/app.py': 'import groq\n' })
    git(root, 'commit', '-qam', 'clean up')
    const report = await history(root)
    expect(report.partial).toBe(false)
    expect(report.counts.commits).toBe(2)
    expect(report.detections.map((one) => one.sightings)).toMatchObject([
      [
        {
          source: 'git',
          path: 'src/app.py',
          line: 3,
          column: 16,
          commit: hash,
          author: 'Ana Author',
          email: 'ana@example.com',
          at: '2026-01-02T03:04:05.000Z',
        },
      ],
    ])
  })

  test('line numbers are those of the file, also far down in many hunks', async () => {
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index + 1}`)
    const root = repository({ 'a.txt': `${lines.join('\n')}\n` })
    const wanted: [number, string][] = []
    for (const line of [7, 8, 120, 399]) {
      const key = groqKey(`line ${line}`)
      lines[line - 1] = key
      wanted.push([line, key])
    }
    write(root, { 'a.txt': `${lines.join('\n')}\n` })
    git(root, 'commit', '-qam', 'keys')
    const report = await history(root)
    expect(report.detections.map((one) => one.sightings[0]?.line).sort((a, b) => Number(a) - Number(b))).toEqual(
      wanted.map(([line]) => line),
    )
  })

  test('other branches, tags and their texts, commit messages, stashes, reflogs, dangling commits and blobs are all history', async () => {
    const root = repository({ 'a.txt': 'nothing\n' })
    git(root, 'checkout', '-qb', 'side')
    write(root, { 'side.txt': groqKey('branch') })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', `work with ${groqKey('message')}`)
    git(root, 'checkout', '-q', 'main')
    git(root, 'tag', '-a', 'v1', '-m', `release ${groqKey('tag')}`)
    write(root, { 'a.txt': `${groqKey('stash')}\n` })
    git(root, 'stash', '-q')
    write(root, { 'lost.txt': groqKey('reflog') })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', 'lost')
    git(root, 'reset', '-q', '--hard', 'HEAD~1')
    write(root, { 'blob.txt': groqKey('blob') })
    git(root, 'add', '.')
    git(root, 'rm', '-q', '--cached', 'blob.txt')
    rmSync(join(root, 'blob.txt'))
    git(root, 'checkout', '-q', '--detach')
    write(root, { 'gone.txt': groqKey('dangling') })
    git(root, 'add', 'gone.txt')
    git(root, 'commit', '-qm', 'gone')
    const gone = git(root, 'rev-parse', 'HEAD').trim()
    git(root, 'checkout', '-q', 'main')
    for (const log of readdirSync(join(root, '.git', 'logs'))) if (log === 'HEAD') writeFileSync(join(root, '.git', 'logs', log), '')
    const report = await history(root)
    const by = new Map(report.detections.map((one) => [one.masked, one.sightings[0]]))
    const reach = [...by.values()].map((one) => [one?.path, one?.reach]).sort()
    expect(reach.map(([path]) => (path?.startsWith('(object') ? 'blob' : path))).toEqual([
      '(commit message)',
      'blob',
      '(tag message)',
      'a.txt',
      'gone.txt',
      'lost.txt',
      'side.txt',
    ])
    expect(report.detections.find((one) => one.sightings[0]?.commit === gone)?.sightings[0]?.reach).toBe('dangling')
    expect(report.detections.find((one) => one.sightings[0]?.path === 'a.txt')?.sightings[0]?.reach).toBe('stash')
  })

  test('with --only-new the second scan looks at what came since, and at all again when a detector changed', async () => {
    const root = repository({ 'a.txt': groqKey('old') })
    expect((await history(root, true)).detections).toHaveLength(1)
    expect(await history(root, true)).toMatchObject({ detections: [], counts: { commits: 0 } })
    write(root, { 'b.txt': groqKey('new') })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', 'second')
    expect(await history(root, true)).toMatchObject({ detections: [{ sightings: [{ path: 'b.txt' }] }], counts: { commits: 1 } })
    writeFileSync(join(root, '.git', 'keyward-scanned.json'), '{"detectors":"older","tips":[]}')
    expect((await history(root, true)).detections).toHaveLength(2)
  })

  test('what only a merge brought is found', async () => {
    const root = repository({ 'a.txt': 'one\n' })
    git(root, 'checkout', '-qb', 'side')
    write(root, { 'a.txt': 'side\n' })
    git(root, 'commit', '-qam', 'side')
    git(root, 'checkout', '-q', 'main')
    write(root, { 'a.txt': 'main\n' })
    git(root, 'commit', '-qam', 'main')
    expect(() => git(root, 'merge', 'side')).toThrow()
    write(root, { 'a.txt': `one\ntwo ${groqKey('merge')}\n` })
    git(root, 'commit', '-qam', 'evil merge')
    const report = await history(root)
    expect(report.detections.map((one) => [one.sightings[0]?.path, one.sightings[0]?.line])).toEqual([['a.txt', 2]])
  })

  test('archives in the history are opened, names with odd characters are told as they are', async () => {
    const root = repository({ 'dist/app.zip': zip({ 'conf.ini': `key=${anthropicKey('zip')}` }), 'wéird "name"\t.txt': groqKey('odd') })
    git(root, 'rm', '-rq', '.')
    git(root, 'commit', '-qm', 'empty')
    const report = await history(root)
    expect(report.detections.map((one) => one.sightings[0]?.path).sort()).toEqual(['dist/app.zip!conf.ini', 'wéird "name"\t.txt'])
  })

  test('a commit that git cannot show is told, the others are scanned, and the scan is partial', async () => {
    const root = repository({ 'a.txt': groqKey('first') })
    write(root, { 'b.txt': 'the object that will be missing\n' })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', 'second')
    const blob = git(root, 'rev-parse', 'HEAD:b.txt').trim()
    write(root, { 'c.txt': groqKey('third') })
    git(root, 'add', '.')
    git(root, 'commit', '-qm', 'third')
    rmSync(join(root, '.git', 'objects', blob.slice(0, 2), blob.slice(2)))
    const report = await history(root)
    expect(report.detections.map((one) => one.sightings[0]?.path).sort()).toEqual(['a.txt', 'c.txt'])
    expect(report.partial).toBe(true)
    expect(report.notices.some((one) => one.reason === 'git')).toBe(true)
  })

  test("a hostile repository's settings run nothing", async () => {
    const root = repository({ 'a.txt': groqKey('hostile'), '.gitattributes': '*.txt diff=evil filter=evil\n' })
    const proof = join(root, 'ran')
    for (const setting of [
      'diff.external',
      'core.fsmonitor',
      'diff.evil.command',
      'diff.evil.textconv',
      'core.pager',
      'filter.evil.smudge',
      'gpg.program',
      'core.sshCommand',
    ])
      git(root, 'config', setting, `touch ${proof};`)
    git(root, 'config', 'log.showSignature', 'true')
    const report = await scanTargets([
      { kind: 'git', repository: root, onlyNew: false },
      { kind: 'staged', repository: root },
    ])
    expect(report.detections).toHaveLength(1)
    expect(existsSync(proof)).toBe(false)
  })
})

describe('patches', () => {
  test('the output of git log -p through a pipe is read with commits, authors and lines', async () => {
    const root = repository({ 'a.txt': `one\n${groqKey('piped')}\n` })
    const child = spawn('git', ['log', '-p', '-U0'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const report = await scanTargets([{ kind: 'patch', stream: child.stdout as Readable, name: 'stdin' }])
    expect(report.detections[0]?.sightings).toMatchObject([
      { path: 'a.txt', line: 2, author: 'Ana Author', at: '2026-01-02T03:04:05.000Z' },
    ])
  })

  test('staged changes are scanned as they are in the index, not in the work tree', async () => {
    const root = repository({ 'a.txt': 'one\n', 'old.txt': groqKey('committed before') })
    write(root, { 'a.txt': `one\ntwo ${groqKey('staged')}\n`, 'b.zip': zip({ 'x.txt': groqKey('staged zip') }) })
    git(root, 'add', '.')
    write(root, { 'a.txt': 'one\n', 'c.txt': groqKey('not staged') })
    const report = await scanTargets([{ kind: 'staged', repository: root }])
    expect(report.detections.map((one) => [one.sightings[0]?.source, one.sightings[0]?.path, one.sightings[0]?.line]).sort()).toEqual([
      ['staged', 'a.txt', 2],
      ['staged', 'b.zip!x.txt', 1],
    ])
  })

  test('added lines that look like headers are lines', async () => {
    const root = repository({
      'a.txt': `++ b/other.txt\n@@ -1 +1 @@\ndiff --git a/x b/x\ncommit 0123456789abcdef0123456789abcdef01234567\n${groqKey('tricky')}\n`,
    })
    const report = await history(root)
    expect(report.detections.map((one) => [one.sightings[0]?.path, one.sightings[0]?.line])).toEqual([['a.txt', 5]])
    expect(report.counts.commits).toBe(1)
  })
})
