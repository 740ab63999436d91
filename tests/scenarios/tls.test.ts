import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority } from '@keyward/testkit/certificates'
import { afterAll, expect, test } from 'vitest'
import { signInLinkOf, startKeyward } from '../support/keyward.ts'

/* Own TLS: an installation that others reach speaks nothing else, with a key file that nobody else reads. */

const folder = mkdtempSync(join(tmpdir(), 'keyward-tls-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const authority = new Authority()
const certified = authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] })
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
writeFileSync(files.cert, certified.cert)
writeFileSync(files.key, certified.key, { mode: 0o600 })
const env = { KEYWARD_TLS_CERT: files.cert, KEYWARD_TLS_KEY: files.key }

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

function ask(
  port: number,
  path: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        ca: authority.cert,
        servername: 'localhost',
        headers: { host: `localhost:${port}`, ...options.headers },
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}

test('over TLS everything is served, says https of itself, and cookies are Secure; plain HTTP gets nothing', async () => {
  const keyward = await startKeyward({ env })
  try {
    expect(keyward.issuer).toMatch(/^https:\/\/localhost:\d+$/)
    const port = Number(new URL(keyward.issuer).port)
    expect(JSON.parse((await ask(port, '/.well-known/oauth-authorization-server')).body)).toMatchObject({
      issuer: keyward.issuer,
      token_endpoint: `${keyward.issuer}/oauth2/token`,
    })
    const link = signInLinkOf(keyward)
    expect(link).toContain(keyward.issuer)
    const token = /token=([^&]+)/.exec(link)?.[1] ?? ''
    const signedIn = await ask(port, '/api/v1/sign-in/link', {
      method: 'POST',
      body: JSON.stringify({ token }),
      headers: { 'content-type': 'application/json', origin: keyward.issuer, 'sec-fetch-site': 'same-origin' },
    })
    expect(signedIn.status).toBe(200)
    expect(String(signedIn.headers['set-cookie'])).toMatch(/^__Host-[^;]*;.*Secure/)
    await expect(fetch(`http://localhost:${port}/healthz`)).rejects.toThrow()
  } finally {
    await keyward.kill()
  }
}, 60_000)

test('a key that others can read is refused with the fix', async () => {
  chmodSync(files.key, 0o644)
  await expect(startKeyward({ env })).rejects.toThrow(/KEYWARD_TLS_KEY: .* readable by others\. Fix: chmod 600/)
  chmodSync(files.key, 0o600)
})
