// What the token service does: node bench/tokens.ts [--seconds 3] [--rounds 3] [--concurrency 1,16,64]
//   mints with a durable record, by federation (an issuer's ES256 token is verified for each) and by a client secret, over HTTP, the load
//   generator and PostgreSQL on the same machine; and what the gateway's verification costs, from its cache and cold, in this process.

import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { signJwt } from '../packages/server/src/oauth/sign-jwt.ts'
import { TokenVerifier } from '../packages/server/src/oauth/verify.ts'
import { chain, type Operator } from '../packages/server/test/gateway/operator.ts'
import type { LoadResult } from './load.ts'
import { processorMs, processorMsBelow } from './processor-time.ts'
import { endAll, startServer } from './server.ts'
import { median } from './stats.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '1,16,64' },
    json: { type: 'boolean', default: false },
  },
})
/** Different tokens of the issuer, so that nothing that was verified before is recognised by chance alone. */
const assertionsMade = 20_000
const verifyTokens = 5_000
const cachedChecks = 1_000_000

const folder = mkdtempSync(join(tmpdir(), 'keyward-bench-tokens-'))
const children: ChildProcess[] = []
try {
  verification()
  const { operator, pid, child } = await startServer(folder)
  children.push(child)
  const made = await chain(operator, {
    upstream: 'https://api.openai.com',
    secret: 'sk-proj-FAKE-BENCH-EXAMPLE-0123456789abcdef-FAKE',
    resource: { allow_private: false },
  })
  await mints('by federation (ES256)', operator, pid, await federatedForms(operator, made))
  await mints('by a client secret', operator, pid, await secretForms(operator, made))
} finally {
  await endAll(children)
  rmSync(folder, { recursive: true, force: true })
}

type Made = Awaited<ReturnType<typeof chain>>
interface Forms {
  readonly forms: readonly string[]
  readonly authorization?: string
}

async function federatedForms(operator: Operator, made: Made): Promise<Forms> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = await operator.make('/issuers', {
    name: 'bench',
    kind: 'oidc',
    issuer: 'https://issuer.example',
    keys_from: { type: 'jwks', keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256' }] },
  })
  await operator.make(`/workloads/${made.workload}/identities`, { method: 'oidc', issuer, claims: { sub: 'job:bench' } })
  const audience = String((await operator.metadata()).issuer)
  const now = Math.floor(Date.now() / 1000)
  const forms = Array.from({ length: assertionsMade }, (_, n) => {
    const claims = { iss: 'https://issuer.example', sub: 'job:bench', aud: audience, iat: now, exp: now + 3_600, jti: `bench-${n}` }
    const assertion = compact(privateKey, 'bench', claims)
    return new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      scope: `grant:${made.grant}`,
    }).toString()
  })
  return { forms }
}

async function secretForms(operator: Operator, made: Made): Promise<Forms> {
  const { client_secret: secret } = await operator.ask('POST', `/workloads/${made.workload}/identities`, { method: 'client_secret_basic' })
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: `grant:${made.grant}` }).toString()
  return { forms: [form], authorization: `Basic ${Buffer.from(`${made.workload}:${String(secret)}`).toString('base64')}` }
}

async function mints(name: string, operator: Operator, pid: number, { forms, authorization }: Forms): Promise<void> {
  const file = join(folder, 'forms')
  writeFileSync(file, forms.join('\n'))
  for (const concurrency of values.concurrency.split(',')) {
    const rounds: LoadResult[] = []
    const before = { server: processorMs(pid), database: processorMsBelow(pid) }
    for (let round = 0; round < Number(values.rounds); round++)
      rounds.push(
        await load([
          '--url',
          `${operator.origin}/oauth2/token`,
          '--forms',
          file,
          '--concurrency',
          concurrency,
          '--seconds',
          values.seconds,
          ...(authorization === undefined ? [] : ['--token', authorization]),
        ]),
      )
    const spent = { server: processorMs(pid) - before.server, database: processorMsBelow(pid) - before.database }
    const requests = rounds.reduce((sum, round) => sum + round.requests * (1 + 1 / round.seconds), 0)
    const errors = rounds.reduce((sum, round) => sum + round.errors, 0)
    const perSecond = rounds.map((round) => round.requestsPerSecond)
    if (values.json) {
      console.log(JSON.stringify({ name, concurrency: Number(concurrency), perSecond, errors }))
      continue
    }
    console.log(
      `mints ${name}, ${concurrency} at once: ${median(perSecond).toFixed(0)} a second (${perSecond.map((one) => one.toFixed(0)).join(', ')})` +
        `   p50 ${median(rounds.map((one) => one.latencyMs.p50)).toFixed(1)} ms  p99 ${median(rounds.map((one) => one.latencyMs.p99)).toFixed(1)} ms` +
        `   processor µs a mint: server ${((spent.server * 1000) / requests).toFixed(0)}, database ${((spent.database * 1000) / requests).toFixed(0)}` +
        (errors === 0 ? '' : `   ${errors} ERRORS ${rounds.find((one) => one.firstError)?.firstError}`),
    )
  }
}

async function load(options: string[]): Promise<LoadResult> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('load.ts', import.meta.url)), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  return JSON.parse(text) as LoadResult
}

/** The verification as the gateway does it, for tokens that it has seen and for new ones. */
function verification(): void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Math.floor(Date.now() / 1000)
  const tokens = Array.from({ length: verifyTokens * Number(values.rounds) }, (_, n) =>
    signJwt({ kid: 'bench', alg: 'ES256', key: privateKey }, 'at+jwt', {
      iss: 'https://keyward.example',
      sub: 'wl_00000000000000000000000000',
      client_id: 'wl_00000000000000000000000000',
      aud: 'https://keyward.example/g/openai',
      iat: now,
      exp: now + 600,
      jti: `tok_${n}`,
      scope: 'grant:grt_00000000000000000000000000',
      grant: 'grt_00000000000000000000000000',
      identity: 'idn_00000000000000000000000000',
      assurance: 'federated',
    }),
  )
  const verifier = new TokenVerifier({
    keys: { verifier: (kid) => (kid === 'bench' ? { alg: 'ES256', key: publicKey } : undefined) },
    revoked: { has: () => false, complete: true },
    issuer: 'https://keyward.example',
    origins: [],
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
  })
  const [cold, cached]: [number[], number[]] = [[], []]
  for (let round = 0; round < Number(values.rounds); round++) {
    const mine = tokens.slice(round * verifyTokens, (round + 1) * verifyTokens)
    cold.push(rate(mine.length, (n) => verifier.verify(mine[n] ?? '')))
    cached.push(rate(cachedChecks, (n) => verifier.verify(mine[n % mine.length] ?? '')))
  }
  if (values.json) console.log(JSON.stringify({ name: 'verify', cold, cached }))
  else
    console.log(
      `verify at the gateway, on one core: ${median(cached).toFixed(0)} a second from the cache, ${median(cold).toFixed(0)} a second cold`,
    )
}

function rate(times: number, act: (n: number) => unknown): number {
  const startedMs = performance.now()
  for (let n = 0; n < times; n++) act(n)
  return (times * 1000) / (performance.now() - startedMs)
}

function compact(key: KeyObject, kid: string, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
