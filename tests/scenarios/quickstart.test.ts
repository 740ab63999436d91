import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { testDatabase } from '../support/postgres.ts'

const root = join(import.meta.dirname, '../..')
let server: KeywardProcess | undefined

afterAll(async () => {
  await server?.stop()
})

async function quickstart(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const child = spawn(process.execPath, [join(root, 'examples/quickstart/run.ts'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

test('the quickstart runs from nothing to a revoked agent: both vendors answer their own SDKs, the calls are charged, the end is an end', {
  timeout: 240_000,
}, async () => {
  const { code, output } = await quickstart(['--own'], {
    ...process.env,
    KEYWARD_TOKEN: undefined,
    KEYWARD_KEK: undefined,
    DATABASE_URL: undefined,
  })
  expect(output).toMatch(/^OpenAI: {4}You said: /m)
  expect(output).toMatch(/^Anthropic: You said: /m)
  expect(output).toMatch(/gpt-4o-mini +ok +\d+ +\d+ +\$0\.0000/)
  expect(output).toMatch(/claude-haiku-4-5 +ok +\d+ +\d+ +\$0\.000/)
  expect(output).toMatch(/Revoked workload wl_/)
  expect(output).toMatch(/no token for grt_/)
  expect(output, 'no vendor key is ever shown').not.toContain('FAKE-EXAMPLE')
  expect(output).toMatch(/Done: /)
  expect(code).toBe(0)
})

test('the quickstart works against a Keyward that runs already, and leaves no way in behind', { timeout: 240_000 }, async () => {
  const database = await testDatabase()
  server = await startKeyward({ databaseUrl: database.url })
  const { code, output } = await quickstart([], { ...process.env, ...server.env, KEYWARD_SERVER: server.origin, KEYWARD_TOKEN: undefined })
  expect(output).toContain(`Using the Keyward at ${server.origin}.`)
  expect(output).toMatch(/Done: /)
  expect(code).toBe(0)
  const tokens = await server.api<{ items: { state: string }[] }>('GET', '/api/v1/tokens?limit=200')
  expect(tokens.items.length).toBeGreaterThan(0)
  expect(tokens.items.filter((token) => token.state === 'live')).toEqual([])
  const credentials = await server.api<{ items: { state: string }[] }>('GET', '/api/v1/credentials?limit=200')
  expect(credentials.items.map((one) => one.state)).toEqual(['revoked', 'revoked'])
})

test('the guide shows the commands of the example: none is missing, none has another name', () => {
  const guide = readFileSync(join(root, 'docs/guides/quickstart.md'), 'utf8')
  const readme = readFileSync(join(root, 'examples/quickstart/README.md'), 'utf8')
  const example = readFileSync(join(root, 'examples/quickstart/run.ts'), 'utf8')
  const commands = [...example.matchAll(/line\.(?:run|id|refused)\(\[\s*'([a-z]+)'(?:, '([a-z-]+)')?/g)].map(([, group = '', act]) =>
    act === undefined || act.startsWith('--') || group === 'run' ? group : `${group} ${act}`,
  )
  expect(commands.length).toBeGreaterThan(10)
  for (const command of new Set(commands)) {
    expect(guide, `docs/guides/quickstart.md lacks: keyward ${command}`).toContain(`keyward ${command}`)
    expect(readme, `examples/quickstart/README.md lacks: keyward ${command}`).toContain(`keyward ${command}`)
  }
})
