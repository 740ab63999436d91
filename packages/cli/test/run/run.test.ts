import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeAnthropicKey } from '../../../testkit/src/anthropic/server.ts'
import { fakeOpenaiKey } from '../../../testkit/src/openai/server.ts'
import { finished, type Installation, nextLine, programs, startInstallation } from '../installation.ts'

let here: Installation
let openaiGrant: string
let anthropicGrant: string
const node = process.execPath
const secretsOfTheShell = {
  OPENAI_API_KEY: 'sk-proj-FAKE-EXAMPLE-OF-THE-SHELL-0000000000000000',
  ANTHROPIC_API_KEY: 'sk-ant-api03-FAKE-EXAMPLE-OF-THE-SHELL-0000000000',
  ANTHROPIC_AUTH_TOKEN: 'FAKE-EXAMPLE-AUTH-TOKEN-OF-THE-SHELL',
  KEYWARD_TOKEN: 'kwu_FAKE-EXAMPLE-TOKEN-OF-THE-SHELL',
  KEYWARD_KEK: 'env:MY_KEK',
  MY_KEK: 'FAKE-EXAMPLE-KEY-ENCRYPTION-KEY-OF-THE-SHELL',
}

beforeAll(async () => {
  here = await startInstallation()
  const openai = await here.resource('openai', 'llm', 'openai', here.openai.origin, fakeOpenaiKey)
  const anthropic = await here.resource('anthropic', 'llm', 'anthropic', here.anthropic.origin, fakeAnthropicKey)
  openaiGrant = await here.grant(openai, { require_dpop: true })
  anthropicGrant = await here.grant(anthropic)
}, 120_000)
afterAll(async () => {
  await here?.stop()
})

const slow = { timeout: 90_000 }
const tokensOf = async (grant: string) =>
  (await here.server.api<{ items: { state: string; bound_to: string | null }[] }>('GET', `/api/v1/tokens?grant=${grant}&limit=200`)).items

describe('the environment of the program', () => {
  test('a program that prints its whole environment has printed no token, no key of Keyward and no vendor key', slow, async () => {
    const ran = await here.keyward(['run', '--grant', openaiGrant, '--grant', anthropicGrant, '--', node, join(programs, 'dump.ts')], {
      env: secretsOfTheShell,
    })
    expect(ran.code, ran.stderr).toBe(0)
    const { env, environ } = JSON.parse(ran.stdout) as { env: Record<string, string>; environ: string }
    for (const text of [ran.stdout, environ, ran.stderr]) {
      for (const secret of [fakeOpenaiKey, fakeAnthropicKey, ...Object.values(secretsOfTheShell).filter((one) => one.includes('FAKE'))])
        expect(text).not.toContain(secret)
      expect(text, 'an access token is a JWT').not.toMatch(/eyJ[\w-]{10,}\.eyJ/)
      expect(text, 'a private key is a JWK with d').not.toContain('"d"')
    }
    expect(env.OPENAI_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/openai\/v1$/)
    expect(env.ANTHROPIC_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/anthropic$/)
    expect(env.OPENAI_API_KEY).toMatch(/^kwk_/)
    expect(env.ANTHROPIC_API_KEY).toBe(env.OPENAI_API_KEY)
    expect(env.KEYWARD_TOKEN).toBeUndefined()
  })

  test('a vendor key that no grant covers goes through, and a warning names it without its value', slow, async () => {
    const ran = await here.keyward(['run', '--grant', openaiGrant, '--', node, '-e', ''], { env: secretsOfTheShell })
    expect(ran.code).toBe(0)
    expect(ran.stderr).toMatch(/warning: ANTHROPIC_API_KEY is set and goes to the program as it is/)
    expect(ran.stderr).not.toContain('OPENAI_API_KEY')
    expect(ran.stderr).not.toContain('FAKE-EXAMPLE')
    expect(ran.stderr).toMatch(/keyward run: governed through http:\/\/127\.0\.0\.1:\d+: openai by grt_/)
  })
})

test('unmodified SDKs of both vendors get their answers through sidecar and gateway, whole and streamed', slow, async () => {
  const ran = await here.keyward(['run', '--grant', openaiGrant, '--grant', anthropicGrant, '--', node, join(programs, 'sdks.ts')])
  expect(ran.code, ran.stderr).toBe(0)
  for (const answer of Object.values(JSON.parse(ran.stdout) as Record<string, string>)) expect(answer).toContain('marmalade')
  const seen = [...here.openai.log.entries, ...here.anthropic.log.entries]
  expect(seen.length).toBeGreaterThanOrEqual(4)
  for (const entry of seen) {
    expect(entry.keyId, 'the vendor sees its own key').not.toBeNull()
    expect(JSON.stringify(entry.headers), 'and nothing of ours').not.toMatch(/kwk_|eyJ|dpop/i)
  }
})

describe('who may call the sidecar', () => {
  test('without the key of this run, with another, from a browser, as another user, and after the run: nobody', slow, async () => {
    const child = here.start(['run', '--grant', openaiGrant, '--', node, join(programs, 'wait.ts')])
    const env = await nextLine<Record<string, string>>(child)
    const address = `${env.OPENAI_BASE_URL}/models`
    const call = async (headers: Record<string, string>) => await fetch(address, { headers })
    const right = { authorization: `Bearer ${env.OPENAI_API_KEY}` }
    expect((await call(right)).status).toBe(200)
    expect((await call({ 'x-api-key': String(env.OPENAI_API_KEY) })).status).toBe(200)
    expect((await call({})).status).toBe(403)
    expect((await call({ authorization: `Bearer ${String(env.OPENAI_API_KEY).slice(0, -1)}x` })).status).toBe(403)
    const { KEYWARD_RUN_URL: origin = '' } = env
    for (const [name, value] of [
      ['Origin', 'https://evil.example'],
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Mode', 'navigate'],
      ['Sec-Fetch-Dest', 'document'],
      ['Host', 'evil.example'],
    ] as const)
      expect(await statusOf(address, { ...right, [name]: value }), name).toBe(403)
    expect(await statusOf(address, right)).toBe(200)
    expect((await fetch(`${origin}/other/v1/models`, { headers: right })).status, 'a resource that this run has no grant for').toBe(404)
    if (process.getuid?.() === 0 && process.platform === 'linux') {
      expect(await statusAs(65_534, address, String(env.OPENAI_API_KEY)), 'another user with the right key').toBe('403')
      expect(await statusAs(0, address, String(env.OPENAI_API_KEY)), 'the same user').toBe('200')
    }
    expect((await fetch(`${here.server.origin}/g/openai/v1/models`, { headers: right })).status, 'at the gateway itself').toBe(401)
    child.stdin?.end('done\n')
    expect((await finished(child)).code).toBe(0)
    await expect(call(right)).rejects.toThrow()
    const tokens = await tokensOf(openaiGrant)
    expect(tokens.length).toBeGreaterThan(0)
    expect(
      tokens.filter((token) => token.state === 'live'),
      'its tokens are ended with it',
    ).toEqual([])
    expect(
      tokens.every((token) => token.bound_to !== null),
      'and were bound to its key',
    ).toBe(true)
  })
})

/** The status of a request with just these headers, as fetch would not send them all. */
async function statusOf(address: string, headers: Record<string, string>): Promise<number | undefined> {
  const [response] = (await once(request(address, { headers, agent: false }).end(), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

/** The same from a process of another user. It becomes one after its start, so that it needs no right to read this clone. */
async function statusAs(uid: number, address: string, key: string): Promise<string> {
  const program = `process.setgid(${uid}); process.setuid(${uid})
    require('node:http').get(process.argv[1], { headers: { authorization: 'Bearer ' + process.argv[2] } }, (answer) => {
      console.log(answer.statusCode)
      process.exit()
    })`
  return (await promisify(execFile)(node, ['-e', program, address, key])).stdout.trim()
}

describe('exit codes and signals', () => {
  test('the code of the program is the code of the run', slow, async () => {
    expect((await here.keyward(['run', '-q', '--grant', openaiGrant, '--', node, '-e', 'process.exit(7)'])).code).toBe(7)
  })

  test('options of the program are not ours, with and without --', slow, async () => {
    const ran = await here.keyward([
      'run',
      '-q',
      '--grant',
      openaiGrant,
      node,
      '-p',
      '[process.argv.length, 7].join()',
      '--',
      '--json',
      '--help',
    ])
    expect(ran.stdout).toBe('3,7\n')
    expect(ran.code).toBe(0)
  })

  test('a command that is not there is 127, one that is no program 126', slow, async () => {
    const missing = await here.keyward(['run', '-q', '--grant', openaiGrant, '--', 'keyward-no-such-program'])
    expect([missing.code, missing.stderr]).toEqual([127, 'keyward: keyward-no-such-program: command not found\n'])
    const file = await here.keyward(['run', '-q', '--grant', openaiGrant, '--', join(programs, '../../../package.json')])
    expect([file.code, file.stderr]).toEqual([126, expect.stringContaining('not executable')])
  })

  test('SIGTERM reaches the program, and what it makes of it is the answer; a program that a signal ends is 128 + n', slow, async () => {
    const child = here.start(['run', '-q', '--grant', openaiGrant, '--', node, join(programs, 'wait.ts')])
    await nextLine(child)
    child.kill('SIGTERM')
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(42)
    expect((await here.keyward(['run', '-q', '--grant', openaiGrant, '--', node, '-e', 'process.kill(process.pid, "SIGKILL")'])).code).toBe(
      137,
    )
  })

  test('a refusal is told before the program starts', slow, async () => {
    const revoked = await here.grant((await here.server.api<{ items: { id: string }[] }>('GET', '/api/v1/resources')).items[0]?.id ?? '')
    await here.server.api('POST', `/api/v1/grants/${revoked}/revoke`, { reason: 'a test' })
    const ran = await here.keyward(['run', '--grant', openaiGrant, '--grant', revoked, '--', node, '-e', 'console.log("started")'])
    expect([ran.code, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toContain(revoked)
    expect(ran.stderr).toMatch(/Fix: /)
    const away = await here.keyward([
      'run',
      '--server',
      'http://localhost:9',
      '--grant',
      openaiGrant,
      '--',
      node,
      '-e',
      'console.log("started")',
    ])
    expect([away.code, away.stdout]).toEqual([1, ''])
    expect(away.stderr).toContain('not enrolled')
    expect((await here.keyward(['run', '--', 'true'])).code).toBe(2)
    expect((await here.keyward(['run', '--grant', openaiGrant])).code).toBe(2)
  })
})

test('a server that restarts in the middle is met with a fresh nonce: the program never notices', slow, async () => {
  const child = here.start(['run', '-q', '--grant', openaiGrant, '--', node, join(programs, 'twice.ts')])
  expect(await nextLine<string>(child)).toContain('again')
  await here.stopServer()
  await here.startServer()
  const second = nextLine<string>(child)
  child.stdin?.write('go\n')
  expect(await second).toContain('again')
  expect((await finished(child)).code).toBe(0)
})

test('with the server away the run is refused with exit code 3, and nothing starts', slow, async () => {
  await here.stopServer()
  try {
    const ran = await here.keyward(['run', '--grant', openaiGrant, '--', node, '-e', 'console.log("started")'])
    expect([ran.code, ran.stdout]).toEqual([3, ''])
    expect(ran.stderr).toMatch(/did not answer/)
  } finally {
    await here.startServer()
  }
})
