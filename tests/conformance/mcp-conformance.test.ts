import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, startConnecting } from '../support/connecting.ts'

/*
 * `@modelcontextprotocol/conformance` 0.2.0-alpha.12 (the newest when this was written): its scenarios for authorization servers, against the real
 * server; and its scenarios for clients, against a small client of ours on the official MCP client (conformance-client.ts).
 */

const program = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js')
const client = join(import.meta.dirname, 'conformance-client.ts')

let at: Connecting
beforeAll(async () => {
  at = await startConnecting()
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

function run(args: readonly string[], onText: (text: string) => void = () => undefined): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (text: string) => {
      output += text
      onText(output)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('close', (code) => resolve({ code, output }))
  })
}

test('the authorization server passes both scenarios: metadata, and the authorization code with a person’s yes', {
  timeout: 90_000,
}, async () => {
  const port = 20_000 + (process.pid % 20_000)
  const registered = await at.keyward.api<{ client_id: string }>('POST', '/api/v1/oauth-clients', {
    name: 'Conformance',
    redirect_uris: [`http://localhost:${port}/callback`, `http://127.0.0.1:${port}/callback`],
  })
  let answered = false
  const { code, output } = await run(
    [
      'authorization',
      '--url',
      at.keyward.issuer,
      '--client-id',
      registered.client_id,
      '--resource',
      `${at.keyward.issuer}/g/crm`,
      '--port',
      String(port),
    ],
    (text) => {
      const address = /^(http\S+\/oauth2\/authorize\?\S+)$/m.exec(text)?.[1]
      if (address === undefined || answered) return
      answered = true
      const query = new URL(address).searchParams
      void at.consent(at.admin, query).then((answer) => fetch(`${query.get('redirect_uri')}?${answer}`))
    },
  )
  expect(output).not.toMatch(/FAILURE|SKIPPED|WARNING/)
  expect(output).toMatch(/authorization-server-metadata/)
  expect(output).toMatch(/authorization-code-grant/)
  expect(code, output).toBe(0)
})

/**
 * Every scenario of the suite's `auth` that our client passes. It does not do `auth/enterprise-managed-authorization` (cross-app access comes later),
 * nor the two of the revision 2025-03-26, which the official client left behind.
 */
const scenarios = [
  'auth/metadata-default',
  'auth/metadata-var1',
  'auth/metadata-var2',
  'auth/metadata-var3',
  'auth/basic-cimd',
  'auth/scope-from-www-authenticate',
  'auth/scope-from-scopes-supported',
  'auth/scope-omitted-when-undefined',
  'auth/scope-step-up',
  'auth/scope-retry-limit',
  'auth/offline-access-scope',
  'auth/offline-access-not-supported',
  'auth/authorization-server-migration',
  'auth/iss-normalized',
  'auth/token-endpoint-auth-basic',
  'auth/token-endpoint-auth-post',
  'auth/token-endpoint-auth-none',
  'auth/pre-registration',
  'auth/resource-mismatch',
  'auth/iss-supported',
  'auth/iss-not-advertised',
  'auth/iss-supported-missing',
  'auth/iss-wrong-issuer',
  'auth/iss-unexpected',
  'auth/metadata-issuer-mismatch',
  'auth/client-credentials-jwt',
  'auth/client-credentials-basic',
  'auth/dpop',
  'auth/dpop-nonce',
  'auth/wif-jwt-bearer',
]

/** One of each kind in the everyday run; all of them in `npm run test:deep`. */
const everyday: ReadonlySet<string> = new Set([
  'auth/metadata-default',
  'auth/basic-cimd',
  'auth/scope-step-up',
  'auth/pre-registration',
  'auth/iss-wrong-issuer',
  'auth/client-credentials-jwt',
  'auth/dpop-nonce',
  'auth/wif-jwt-bearer',
])
const chosen = scenarios.filter((scenario) => process.env.KEYWARD_DEEP === '1' || everyday.has(scenario))

test.each(chosen)('the client passes %s', { timeout: 60_000 }, async (scenario) => {
  const { code, output } = await run(['client', '--command', `${process.execPath} ${client}`, '--scenario', scenario])
  expect(code, output).toBe(0)
})
