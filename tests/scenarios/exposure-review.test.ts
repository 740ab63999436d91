import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeProject } from '../../examples/exposure-review/project.ts'
import { createProgram } from '../../packages/cli/src/program.ts'
import { type CommandNode, treeOf } from '../../packages/cli/src/tree.ts'

const root = join(import.meta.dirname, '../..')
const made = mkdtempSync(join(tmpdir(), 'keyward-exposure-test-'))
afterAll(() => rmSync(made, { recursive: true, force: true }))

interface Sighting {
  readonly source: string
  readonly path: string
  readonly line: number
  readonly commit?: string
  readonly author?: string
  readonly what?: string
  readonly layerNumber?: number
  readonly deletedInLayer?: number
}
interface Told {
  readonly detections: { detector: string; masked: string; sightings: Sighting[]; sightingsTotal: number }[]
  readonly partial: boolean
}

/** As in the clone: `npx keyward scan`, without a server and with no way out of this machine. */
function scan(folder: string, ...flags: string[]) {
  const keyward = join(root, 'packages/cli/bin.mjs')
  const env = { PATH: process.env.PATH, HOME: made, HTTPS_PROXY: 'http://localhost:9', NO_COLOR: '1' }
  return spawnSync(process.execPath, [keyward, 'scan', ...flags], { cwd: folder, env, encoding: 'utf8' })
}

test('npx keyward scan finds the key in history, log, export and layer: one detection, masked, with all its sightings', {
  timeout: 60_000,
}, () => {
  const project = makeProject(join(made, 'support-agent'))
  const { status, stdout, stderr } = scan(project.folder, '--json')
  expect(status, stderr).toBe(1)
  const { detections, partial } = JSON.parse(stdout) as Told
  expect(partial).toBe(false)
  expect(detections).toHaveLength(1)
  const [detection] = detections
  expect(detection).toMatchObject({ detector: 'openai-project-key', sightingsTotal: 4 })
  const of = (source: string, path: RegExp) => detection?.sightings.filter((one) => one.source === source && path.test(one.path))
  expect(of('git', /^\.env$/)).toMatchObject([{ commit: project.commit, author: 'Ana Example', line: 2, what: 'dotenv' }])
  expect(of('file', /^build\/ci\.log$/)).toMatchObject([{ line: 3, what: 'log' }])
  expect(of('file', /^build\/slack-export\//)).toMatchObject([{ author: 'Ana Example', what: 'messages' }])
  expect(of('image', /app\/\.env$/)).toMatchObject([{ layerNumber: 1, deletedInLayer: 2, line: 2 }])
  expect(stdout).not.toContain(project.key)
  expect(detection?.masked).toMatch(/^sk-proj-….. \(164 characters\)$/)
})

test('what it says to people names every place, never the key, and what to do first', { timeout: 60_000 }, () => {
  const project = makeProject(join(made, 'told'))
  const { stdout } = scan(project.folder)
  for (const place of [
    `commit ${project.commit.slice(0, 10)}`,
    'build/ci.log:3',
    'build/slack-export',
    'deleted in layer 2, still in the image',
  ])
    expect(stdout).toContain(place)
  expect(stdout).toContain('1 secret (1 high) at 4 places.')
  expect(stdout).toMatch(/→ Revoke it: /)
  expect(stdout).not.toContain(project.key)
})

test('no real key is in the example: each project has its own, and the repository has none', () => {
  const keys = ['one', 'two'].map((name) => makeProject(join(made, name)).key)
  expect(new Set(keys).size).toBe(2)
  const clean = (folder: string) => execFileSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' })
  expect(clean(join(made, 'one'))).toBe('')
  for (const file of ['image.ts', 'project.ts', 'run.ts', 'README.md'])
    expect(readFileSync(join(root, 'examples/exposure-review', file), 'utf8')).not.toMatch(/sk-proj-[A-Za-z0-9]{20}/)
})

test('the example runs with one command and leaves nothing behind', { timeout: 60_000 }, () => {
  const ran = spawnSync(process.execPath, [join(root, 'examples/exposure-review/run.ts')], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: made },
  })
  expect(ran.status, ran.stderr).toBe(0)
  expect(ran.stdout).toContain('at 4 places')
  const left = execFileSync('ls', [made], { encoding: 'utf8' })
  expect(left).not.toContain('keyward-exposure-')
})

test('every command and flag that the guide names is there', async () => {
  const guide = readFileSync(join(root, 'docs/guides/discovery.md'), 'utf8').replaceAll('\\\n', ' ')
  const commands = [...guide.matchAll(/(?:^|[`| ])keyward ((?:[a-z-]+ ?)[^`\n]*)/gm)].map(([, line = '']) =>
    line.replaceAll(/"[^"]*"/g, 'TEXT'),
  )
  expect(commands.length).toBeGreaterThan(20)
  const program = treeOf(await createProgram())
  for (const command of commands) {
    let node: CommandNode = program
    for (const word of command.split(/\s+/)) {
      const below: CommandNode | undefined = node.children.find((child) => child.path === `${node.path} ${word}`)
      if (below === undefined) break
      node = below
    }
    expect(node, command).not.toBe(program)
    expect(node.children, command).toEqual([])
    const own = command.split(' -- ')[0] ?? ''
    for (const [flag] of own.matchAll(/--[a-z][a-z-]*/g))
      expect(
        node.options.map((one) => one.long),
        command,
      ).toContain(flag)
  }
})
