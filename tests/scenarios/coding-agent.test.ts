import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test('a coding agent clones and pushes with real git by its CI identity: every call names agent, task and token, and one revocation ends it', {
  timeout: 240_000,
}, async () => {
  const child = spawn(process.execPath, [join(root, 'examples/coding-agent/run.ts')], {
    env: { ...process.env, KEYWARD_TOKEN: undefined, KEYWARD_SERVER: undefined, KEYWARD_KEK: undefined, DATABASE_URL: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  expect(code, output).toBe(0)
  expect(output).toMatch(/^pushed agent\/ACME-42 as [0-9a-f]{7,}$/m)
  expect(output).toMatch(/^The forge has: [0-9a-f]{7,} Coding agent: Note the time \(Task: ACME-42\)$/m)
  // One token a visit, and each call under its own.
  const calls = [...output.matchAll(/^ {2}Coding agent, task ACME-42, (tok_\w+): (\w+) \/acme\/app\.git\/(\S+)$/gm)]
  expect(calls.map(([, , method, path]) => `${method} ${path}`)).toContain('POST git-receive-pack')
  expect(new Set(calls.map(([, token]) => token)).size).toBe(2)
  expect(output).toMatch(/Revoked workload wl_/)
  expect(output, 'git is told to stop, and why').toMatch(/No token: .*its claims fit no trust rule[\s\S]*told us to quit/)
  expect(output, "the forge's token is never shown").not.toContain('forge-FAKE-EXAMPLE')
  expect(output).toMatch(/^Done: /m)
})
