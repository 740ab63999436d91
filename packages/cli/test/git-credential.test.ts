import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeOpenaiKey } from '../../testkit/src/openai/server.ts'
import { type Installation, startInstallation } from './installation.ts'

let here: Installation
let resource: string
let grant: string
let host: string
const slow = { timeout: 90_000 }

beforeAll(async () => {
  here = await startInstallation()
  host = new URL(here.server.origin).host
  resource = await here.resource('forge', 'http', 'forge', here.openai.origin, fakeOpenaiKey)
  grant = await here.grant(resource, { scope: { methods: ['GET', 'POST'], paths: ['/acme/**'] } })
}, 120_000)
afterAll(async () => {
  await here?.stop()
})

const asked = (fields: Record<string, string>) =>
  `${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}\n`
const get = (fields: Record<string, string>, args: readonly string[] = [], env: Record<string, string | undefined> = {}) =>
  here.keyward(['git-credential', ...args, 'get'], { input: asked(fields), env })
const ours = (path: string) => ({ protocol: 'http', host, path })

test('for a repository behind the gateway git gets a name and a token that was minted for this call, with its end', slow, async () => {
  const [first, second] = [await get(ours('g/forge/acme/app.git')), await get(ours('g/forge/acme/app.git/info/lfs'))]
  const tokens = [first, second].map(({ code, stdout, stderr }) => {
    expect([code, stderr]).toEqual([0, ''])
    const [, token = '', end = ''] = /^username=keyward\npassword=(\S+)\npassword_expiry_utc=(\d+)\n$/.exec(stdout) ?? []
    expect(Number(end) * 1000).toBeGreaterThan(Date.now())
    return token
  })
  expect(tokens[0]).not.toBe(tokens[1])
  expect(decodeJwt(tokens[0] ?? '')).toMatchObject({ sub: here.workload, grant, aud: `${here.server.issuer}/g/forge` })
})

test(
  'other hosts, other ports, other names of this machine, other schemes and other paths get nothing, and git asks its next helper',
  slow,
  async () => {
    for (const fields of [
      { protocol: 'https', host: 'github.com', path: 'acme/app.git' },
      { protocol: 'https', host, path: 'g/forge/acme/app.git' },
      { protocol: 'http', host: 'localhost:1', path: 'g/forge/acme/app.git' },
      { protocol: 'http', host: host.replace('localhost', '[::1]'), path: 'g/forge/acme/app.git' },
      { protocol: 'http', host: `${host}@evil.example`, path: 'g/forge/acme/app.git' },
      { protocol: 'http', host, path: 'forge/acme/app.git' },
      { protocol: 'http', host, path: 'g/../forge/acme/app.git' },
      { protocol: 'ssh', host: 'git@github.com', path: 'acme/app.git' },
      {},
    ])
      expect(await get(fields as Record<string, string>), JSON.stringify(fields)).toEqual({ code: 0, stdout: '', stderr: '' })
  },
)

test('store and erase keep nothing and change nothing: no file is written', slow, async () => {
  const home = mkdtempSync(join(tmpdir(), 'keyward-git-'))
  try {
    for (const act of ['store', 'erase']) {
      const input = asked({ ...ours('g/forge/acme/app.git'), username: 'keyward', password: 'FAKE-EXAMPLE' })
      expect(await here.keyward(['git-credential', act], { input, env: { HOME: home, XDG_CONFIG_HOME: home } })).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      })
    }
    // Node keeps compiled code of ours there, and nothing else is.
    const kept = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    for (const { parentPath, name } of kept) {
      expect(parentPath).toContain(join(home, '.cache'))
      expect(readFileSync(join(parentPath, name)).includes('FAKE-EXAMPLE')).toBe(false)
    }
    const unknown = await here.keyward(['git-credential', 'fill'])
    expect(unknown.code).toBe(2)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('where no token is to be had, git is told to stop instead of asking a person, and the reason is on standard error', slow, async () => {
  const unknown = await get(ours('g/other/acme/app.git'))
  expect([unknown.code, unknown.stdout]).toEqual([1, 'quit=1\n'])
  expect(unknown.stderr).toContain('no active grant for that resource')
  const nowhere = mkdtempSync(join(tmpdir(), 'keyward-git-'))
  const nobody = await get(ours('g/forge/acme/app.git'), [], { XDG_CONFIG_HOME: nowhere })
  rmSync(nowhere, { recursive: true, force: true })
  expect([nobody.code, nobody.stdout]).toEqual([1, 'quit=1\n'])
  expect(nobody.stderr).toContain('not enrolled')
  const bound = await here.grant(resource, { scope: { methods: ['GET'], paths: ['/bound/**'] }, require_dpop: true })
  const refused = await get(ours('g/forge/bound/app.git'), ['--grant', bound])
  expect([refused.code, refused.stdout]).toEqual([1, 'quit=1\n'])
  expect(refused.stderr).toContain('bound to a key')
})

test('without useHttpPath git does not say which repository it wants: the fix is named', slow, async () => {
  const ran = await get({ protocol: 'http', host })
  expect([ran.code, ran.stdout]).toEqual([2, 'quit=1\n'])
  expect(ran.stderr).toContain(`git config --global credential.${here.server.origin}.useHttpPath true`)
})
