import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, finished, type Installation, type RunOptions, startInstallation } from './installation.ts'

let here: Installation
let folder: string
const slow = { timeout: 120_000 }
const secret = 'sk-proj-FAKE-EXAMPLE-FAKE-EXAMPLE-FAKE-EXAMPLE'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-cli-out-'))
  here = await startInstallation()
}, 120_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await here?.stop()
})

const keyward = (args: readonly string[], options?: RunOptions) => here.keyward(args, options)
async function json<T>(args: readonly string[], options?: RunOptions): Promise<T> {
  const ran = await keyward([...args, '--json'], options)
  expect(ran.code, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout) as T
}
const credential = [
  '--kind',
  'api_key',
  '--provider',
  'openai',
  '--purpose',
  'model',
  '--authority',
  'consume,spend',
  '--environment',
  'development',
]

describe('logging in', () => {
  test('login --local --json prints the token and its end, and the token works', slow, async () => {
    const session = await json<{ token: string; expires_at: string }>(['login', '--local'])
    expect(Object.keys(session).sort()).toEqual(['expires_at', 'token'])
    const me = await json<{ user: { name: string }; session: { method: string } }>(['whoami'], {
      env: { KEYWARD_TOKEN: session.token, XDG_CONFIG_HOME: folder },
    })
    expect(me.session.method).toBe('local')
  })

  test('the login is in a file that its owner alone can read, under the name of its server', slow, async () => {
    const profiles = join(String(here.env.XDG_CONFIG_HOME), 'keyward', 'profiles')
    const [name = ''] = readdirSync(profiles)
    expect(decodeURIComponent(name)).toBe(`${here.server.origin}.json`)
    expect(statSync(join(profiles, name)).mode & 0o777).toBe(0o600)
    expect(statSync(profiles).mode & 0o777).toBe(0o700)
  })

  test('an API token comes in by standard input, is checked before it is kept, and logout ends it on the server', slow, async () => {
    const { token, id } = await json<{ token: string; id: string }>(['api-token', 'create', '--name', 'laptop', '--days', '1'])
    const env = { XDG_CONFIG_HOME: join(folder, 'laptop') }
    const login = await keyward(['login'], { input: `${token}\n`, env })
    expect([login.code, login.stderr]).toEqual([0, ''])
    expect(login.stdout + login.stderr).not.toContain(token)
    expect((await keyward(['whoami'], { env })).code).toBe(0)
    expect((await keyward(['logout'], { env })).stdout).toContain('The token is ended')
    expect((await keyward(['whoami'], { env })).code).toBe(1)
    const again = await keyward(['login'], { input: token, env })
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('was revoked')])
    const { items } = await json<{ items: { id: string; revoked_at: string | null }[] }>(['api-token', 'list'])
    expect(items.find((one) => one.id === id)?.revoked_at).not.toBeNull()
    const cut = await keyward(['login'], { input: token.slice(0, -1), env })
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('wrong form')])
    expect(cut.stderr).not.toContain(token.slice(0, -1))
  })

  test('a profile that others can read is not used', slow, async () => {
    const profiles = join(folder, 'open', 'keyward', 'profiles')
    await keyward(['login', '--local'], { env: { XDG_CONFIG_HOME: join(folder, 'open') } })
    const { chmodSync } = await import('node:fs')
    chmodSync(join(profiles, readdirSync(profiles)[0] ?? ''), 0o644)
    const ran = await keyward(['whoami'], { env: { XDG_CONFIG_HOME: join(folder, 'open') } })
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/Others on this machine can read[\s\S]*chmod 600/)])
  })

  test('a token is never sent in clear to another machine', slow, async () => {
    const ran = await keyward(['whoami', '--server', 'http://keyward.example.com'])
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringMatching(/plain http to another machine[\s\S]*https:\/\/keyward\.example\.com/),
    ])
  })
})

describe('secrets', () => {
  test('a secret among the arguments is refused with the reason, and is not repeated', slow, async () => {
    for (const args of [
      ['credential', 'create', '--secret', secret],
      ['credential', 'create', `--api-key=${secret}`],
      ['credential', 'create', '--name', secret],
      ['credential', 'create', '--name', 'ghp_FAKEexampleFAKEexampleFAKEexample0000'],
      ['login', 'kwu_0000000000000000000000000000000000000000000'.padEnd(53, '0')].slice(0, 1).concat('--token=x'),
    ]) {
      const ran = await keyward(args)
      expect(ran.code, args.join(' ')).toBe(2)
      expect(ran.stderr).toMatch(/visible to every user of this machine/)
      expect(ran.stdout + ran.stderr).not.toContain(secret)
    }
  })

  test('a secret comes in by standard input or a file, and no command shows it again', slow, async () => {
    const byStdin = await json<{ id: string; versions: { hint: string }[] }>(
      ['credential', 'create', '--name', 'By stdin', '--owner', here.owner, ...credential, '--secret-stdin'],
      { input: `${secret}\n` },
    )
    expect(byStdin.versions[0]?.hint).toMatch(/^sk-proj-•+MPLE$/)
    const file = join(folder, 'secret')
    writeFileSync(file, `${secret}2\r\n`, { mode: 0o600 })
    const added = await json<{ versions: { number: number; state: string }[] }>([
      'credential',
      'add-version',
      byStdin.id,
      '--secret-file',
      file,
    ])
    expect(added.versions.map((version) => version.state)).toEqual(['current', 'previous'])
    for (const args of [['show', byStdin.id], ['list'], ['show', byStdin.id, '--json']])
      expect((await keyward(['credential', ...args])).stdout).not.toContain(secret)
    const missing = await keyward(['credential', 'add-version', byStdin.id])
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('--secret-stdin')])
  })
})

describe('resources', () => {
  test('create, show, list, update and delete, by flags, with ids that scripts can use', slow, async () => {
    const created = await keyward(['owner', 'create', '--kind', 'person', '--name', 'Ada', '--contact', 'ada@example.com', '--quiet'])
    const id = created.stdout.trim()
    expect(id).toMatch(/^own_[0-9a-z]{26}$/)
    expect((await keyward(['owner', 'list'])).stdout).toContain(id)
    const updated = await json<{ name: string; backup: string | null; revision: number }>([
      'owner',
      'update',
      id,
      '--name',
      'Ada L.',
      '--backup',
      here.owner,
    ])
    expect(updated).toMatchObject({ name: 'Ada L.', backup: here.owner, revision: 2 })
    expect(await json(['owner', 'update', id, '--clear', 'backup'])).toMatchObject({ name: 'Ada L.', backup: null })
    const used = await keyward(['owner', 'delete', here.owner])
    expect([used.code, used.stderr]).toEqual([
      1,
      expect.stringMatching(/Still in use[\s\S]*used by workload wl_[\s\S]*Fix: [\s\S]*correlation id req_/),
    ])
    expect((await keyward(['owner', 'delete', id])).code).toBe(0)
    const gone = await keyward(['owner', 'show', id, '--json'])
    expect([gone.code, gone.stdout]).toEqual([1, ''])
    expect(JSON.parse(gone.stderr)).toMatchObject({
      error: { code: 'not-found', status: 404, fix: expect.any(String), correlation_id: expect.any(String) },
    })
  })

  test('changing one limit of a grant leaves the others; a body in a file and flags go together', slow, async () => {
    const resource = await here.resource('limits', 'llm', 'openai', here.openai.origin, 'FAKE-EXAMPLE-KEY')
    const body = join(folder, 'grant.json')
    writeFileSync(body, JSON.stringify({ workload: here.workload, limits: { concurrent: 4 } }))
    const grant = await json<{ id: string }>([
      'grant',
      'create',
      '--body',
      body,
      '--resource',
      resource,
      '--scope-models',
      'gpt-4o,gpt-4o-mini',
      '--max-output-tokens',
      '100',
    ])
    expect(grant).toMatchObject({ scope: { models: ['gpt-4o', 'gpt-4o-mini'] }, limits: { concurrent: 4, max_output_tokens: 100 } })
    expect(await json(['grant', 'update', grant.id, '--requests-per-minute', '60', '--require-dpop'])).toMatchObject({
      limits: { concurrent: 4, max_output_tokens: 100, requests_per_minute: 60 },
      require_dpop: true,
    })
    expect(await json(['grant', 'update', grant.id, '--no-require-dpop'])).toMatchObject({ require_dpop: false })
    expect(await json(['budget', 'create', '--grant', grant.id, '--limit-usd', '2.50', '--window', 'day'])).toMatchObject({
      scope: { grant: grant.id },
      limit_usd: '2.50',
    })
    expect(await json(['budget', 'create', '--org', '--limit-usd', '100', '--window', 'month'])).toMatchObject({
      scope: { org: expect.any(String) },
    })
    const token = await keyward(['token', '--grant', grant.id, '--ttl-seconds', '60'])
    expect(token.stdout, 'the token alone').toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const revoked = await keyward(['grant', 'revoke', grant.id, '--reason', 'a test'])
    expect(revoked.stdout).toMatch(/Revoked grant grt_\S+ at .* in force here after \d+ ms\.\nEnded with it: 1 grant, 1 token\./)
    expect((await keyward(['grant', 'revoke', grant.id])).code, 'a reason is required').toBe(2)
  })

  test('a refused field is named with what it expects', slow, async () => {
    const ran = await keyward(['budget', 'create', '--org', '--limit-usd', '1e9', '--window', 'day'])
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/\/limit_usd: must be a decimal string/)])
    const missing = await keyward(['owner', 'create', '--kind', 'team'])
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('Missing: --name <name>, --contact <contact>')])
    const wrong = await keyward(['owner', 'create', '--kind', 'robot', '--name', 'x', '--contact', 'xxx'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('"robot" is not one of person, team')])
  })

  test('an empty list says the next command; a list of several pages is walked by --all, and by its cursor', slow, async () => {
    expect((await keyward(['tenant', 'list'])).stdout).toMatch(/^No tenants yet\. Next: keyward tenant create/)
    for (let at = 0; at < 5; at++) await here.server.api('POST', '/api/v1/tenants', { name: `Customer ${at}` })
    const first = await json<{ items: { id: string }[]; next_cursor: string }>(['tenant', 'list', '--limit', '2'])
    expect(first.items).toHaveLength(2)
    const rest = await json<{ items: { id: string }[]; next_cursor: null }>([
      'tenant',
      'list',
      '--limit',
      '2',
      '--all',
      '--cursor',
      first.next_cursor,
    ])
    expect(new Set([...first.items, ...rest.items].map((tenant) => tenant.id)).size).toBe(5)
    expect(rest.next_cursor).toBeNull()
    const page = await keyward(['tenant', 'list', '--limit', '2'])
    expect(page.stderr).toContain('--all, or --cursor ')
    expect((await keyward(['tenant', 'list', '--q', 'nobody'])).stdout).toBe('No tenants fit these filters.\n')
  })

  test('a table fits the width: ids stay whole, texts are cut, columns at the end are left out with a word', slow, async () => {
    await here.server.api('POST', '/api/v1/tenants', { name: '名'.repeat(60) })
    const ran = await keyward(['tenant', 'list'], { env: { COLUMNS: '60' } })
    for (const line of ran.stdout.split('\n'))
      expect([...line].reduce((sum, one) => sum + (one === '名' ? 2 : 1), 0)).toBeLessThanOrEqual(60)
    expect(ran.stdout).toMatch(/ten_[0-9a-z]{26} {2}名+…/)
    expect(ran.stderr).toContain('Left out for want of width')
    expect(ran.stdout, 'no colour where nobody sees it').not.toContain('\u001b')
    const coloured = await keyward(['tenant', 'list'], { env: { FORCE_COLOR: '1' } })
    expect(coloured.stdout).toContain('\u001b[1m')
    expect((await keyward(['tenant', 'list'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toContain('\u001b')
  })
})

describe('records', () => {
  test('the audit log as CSV is harmless in a spreadsheet, and as JSON lines complete', slow, async () => {
    const evil = await here.server.api<{ id: string }>('POST', '/api/v1/tenants', { name: 'Evil' })
    await keyward(['tenant', 'revoke', evil.id, '--reason', '=HYPERLINK("http://evil.example","click"),x'])
    const csv = await keyward(['audit', 'list', '--action', 'tenant.revoke', '--csv'])
    expect(csv.stdout).toContain(`"'=HYPERLINK(""http://evil.example"",""click""),x"`)
    expect(csv.stdout.split('\r\n')[0]).toMatch(/^id,seq,at,action,decision,code,actor\.kind,/)
    const lines = (await keyward(['audit', 'list', '--all', '--limit', '3', '--ndjson'])).stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(6)
    expect(new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id)).size).toBe(lines.length)
    expect((await keyward(['audit', 'list', '--csv', '--ndjson'])).code).toBe(2)
  })

  test('a reader that has seen enough is no error', slow, async () => {
    const child = here.start(['audit', 'list', '--all', '--limit', '1', '--ndjson'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    const ended = await new Promise((resolve) => child.once('exit', resolve))
    expect(ended).toBe(0)
  })

  test('usage, nodes and the summary answer also where there is nothing yet', slow, async () => {
    expect((await keyward(['usage', 'list', '--from', '1h'])).stdout).toMatch(/^No calls yet\. Next: keyward run/)
    expect(await json(['usage', 'summary', '--by', 'model'])).toMatchObject({ rows: [] })
    expect((await keyward(['usage', 'list', '--from', 'yesterday'])).code).toBe(2)
    expect((await keyward(['node', 'list'])).stdout).toMatch(/node_[0-9a-z]{26} +yes/)
  })
})

describe('doctor', () => {
  test('a sound installation passes; a key that others can read fails with its fix', slow, async () => {
    const sound = await keyward(['doctor', '--json'])
    expect(sound.code, sound.stdout).toBe(0)
    const { checks } = JSON.parse(sound.stdout) as { checks: { name: string; result: string }[] }
    expect(checks.filter((check) => check.result === 'pass').map((check) => check.name)).toEqual(
      expect.arrayContaining(['server', 'clock', 'ready', 'login', 'data folder', 'key-encryption key', 'database']),
    )
    const keys = join(String(here.env.XDG_CONFIG_HOME), 'keyward')
    const key = readdirSync(keys).find((name) => name.endsWith('.key')) ?? ''
    const { chmodSync } = await import('node:fs')
    chmodSync(join(keys, key), 0o644)
    const broken = await keyward(['doctor'])
    chmodSync(join(keys, key), 0o600)
    expect(broken.code).toBe(1)
    expect(broken.stdout).toMatch(/FAIL {2}key-encryption key: [\s\S]*chmod 600/)
  })

  test('a server that is away is exit code 3, here and for every command, and says how to start it', slow, async () => {
    const away = { KEYWARD_SERVER: 'http://localhost:9', KEYWARD_TOKEN: 'kwu_EXAMPLE' }
    for (const args of [['doctor'], ['owner', 'list'], ['whoami']]) {
      const ran = await keyward(args, { env: away })
      expect(ran.code, args.join(' ')).toBe(3)
      expect(ran.stdout + ran.stderr).toMatch(/keyward serve/)
    }
  })
})

describe('the key-encryption key', () => {
  test(
    'is not rotated under a running server; is rotated with it stopped, and the server opens its secrets with the new one',
    slow,
    async () => {
      const to = join(folder, 'new.key')
      const running = await keyward(['kek', 'rotate', '--to', `file:${to}`])
      expect([running.code, running.stderr]).toEqual([1, expect.stringContaining('Stop every node first')])
      expect(existsSync(to)).toBe(false)
      await here.stopServer()
      try {
        const rotated = await json<{ from: { id: string }; to: { id: string; uri: string }; data_keys: number }>([
          'kek',
          'rotate',
          '--to',
          `file:${to}`,
        ])
        expect(rotated.to.uri).toBe(`file:${to}`)
        expect(rotated.from.id).not.toBe(rotated.to.id)
        expect(rotated.data_keys).toBeGreaterThan(2)
      } finally {
        await here.startServer()
      }
      expect(statSync(to).mode & 0o777).toBe(0o600)
      expect(await here.server.login()).toMatch(/^kwu_/)
      expect(
        (await keyward(['kek', 'rotate', '--to', readFileSync(to, 'utf8').trim()])).stderr,
        'a key in place of its address is not repeated',
      ).not.toContain(readFileSync(to, 'utf8').trim())
    },
  )
})

describe('without a server', () => {
  test('--version and --help load neither the server, nor undici, nor the schemas', slow, async () => {
    for (const args of [['--version'], ['--help'], ['scan', '--help']]) {
      const trace = join(folder, 'loaded.mjs')
      writeFileSync(
        trace,
        `import { registerHooks } from 'node:module'
         registerHooks({ load: (url, context, next) => { process.stderr.write('loaded ' + url + '\\n'); return next(url, context) } })`,
      )
      const ran = await finished(spawn(process.execPath, ['--import', trace, bin, ...args], { stdio: 'pipe' }))
      expect(ran.code, ran.stderr).toBe(0)
      expect(ran.stderr).toContain('packages/cli/src/main.ts')
      expect(ran.stderr).not.toMatch(/packages\/server\/|node_modules\/(?:undici|zod|jose|pg|kysely|hono)\//)
    }
  })

  test('an unknown command or option is exit code 2 with a hint', slow, async () => {
    const command = await keyward(['credentail', 'list'])
    expect([command.code, command.stderr]).toEqual([2, expect.stringContaining('Did you mean credential?')])
    const option = await keyward(['owner', 'list', '--limt', '3'])
    expect([option.code, option.stderr]).toEqual([2, expect.stringContaining('Did you mean --limit?')])
  })

  test.runIf(existsSync('/bin/bash') || existsSync('/usr/bin/bash'))('completion in bash knows commands and options', slow, async () => {
    const { stdout: script } = await keyward(['completion', 'bash'])
    const ask = async (words: string) => {
      const probe = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _keyward; echo "\${COMPREPLY[*]}"`
      return (await promisify(execFile)('bash', ['-c', probe])).stdout.trim().split(' ')
    }
    expect(await ask('keyward cred')).toEqual(['credential'])
    expect(await ask('keyward grant u')).toEqual(['update'])
    expect(await ask('keyward grant update grt_x --scope-m')).toEqual(['--scope-models', '--scope-methods'])
  })
})
