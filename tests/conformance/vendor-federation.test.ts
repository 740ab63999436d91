import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { kubernetesClaims } from '@keyward/testkit/issuers/claims'
import { type FakeGithub, startFakeGithub } from '@keyward/testkit/issuers/github'
import type { FakeIssuer } from '@keyward/testkit/issuers/issuer'
import { startFakeKubernetes } from '@keyward/testkit/issuers/known'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { ExternalAccountClient } from 'google-auth-library'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'

/* The vendors' own clients, unmodified, prove who they are by an issuer's token and end in a model call. No secret is in sight of any. */

let keyward: KeywardProcess
let estate: Estate
let openai: Fake
let anthropic: Fake
let github: FakeGithub
let cluster: FakeIssuer
let folder: string
/** A trust rule for a pod, and its token in a file as the kubelet writes it. */
let podRule: string
let tokenFile: string
const grants: Record<string, string> = {}

beforeAll(async () => {
  ;[keyward, openai, anthropic, github, cluster] = await Promise.all([
    startKeyward(),
    startFakeOpenai(),
    startFakeAnthropic(),
    startFakeGithub(),
    startFakeKubernetes(),
  ])
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey },
    { name: 'anthropic', provider: 'anthropic', upstream: anthropic.origin, secret: fakeAnthropicKey },
  ])
  grants.openai = await estate.grant('openai')
  grants.anthropic = await estate.grant('anthropic')
  const trust = (name: string, fake: FakeIssuer, preset: string) =>
    keyward.api<{ id: string }>('POST', '/api/v1/issuers', {
      name,
      kind: 'oidc',
      issuer: fake.issuer,
      preset,
      keys_from: { type: 'discovery' },
      allow_private: true,
    })
  const rule = (body: object) =>
    keyward.api<{ id: string; warnings: string[] }>('POST', `/api/v1/workloads/${estate.workload}/identities`, body)
  const actions = await trust('GitHub Actions', github, 'github')
  await rule({ method: 'oidc', issuer: actions.id, claims: { repository_id: '74', environment: 'production' }, single_use: true })
  const pods = await trust('Cluster', cluster, 'kubernetes')
  const made = await rule({ method: 'oidc', issuer: pods.id, claims: { sub: 'system:serviceaccount:agents:classifier' } })
  expect(made.warnings).toEqual([])
  podRule = made.id
  folder = mkdtempSync(join(tmpdir(), 'keyward-federation-'))
  tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, cluster.token({ ...kubernetesClaims(), aud: [keyward.issuer] }, { header: { typ: undefined } }))
}, 60_000)
afterAll(async () => {
  expect(await keyward.stop()).toBe(0)
  await Promise.all([openai, anthropic, github, cluster].map((fake) => fake.stop()))
  rmSync(folder, { recursive: true, force: true })
})

/** The last call that a grant's audit holds, and what the proof was. */
async function provedBy(grant: string): Promise<{ method: string; assurance: string }> {
  const { items } = await keyward.api<{ items: { method: string; assurance: string }[] }>('GET', `/api/v1/tokens?grant=${grant}`)
  const [newest] = items
  if (newest === undefined) throw new Error('no token was minted')
  return { method: newest.method, assurance: newest.assurance }
}

/** Runs a program of its own with nothing in its environment but this. */
async function run(program: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`the program ended with ${code}:\n${errors}`)
  return output
}

describe('an unmodified client of a vendor calls a model by an issuer’s token', () => {
  test('@anthropic-ai/sdk, by environment variables alone', async () => {
    const program = `
      import Anthropic from '@anthropic-ai/sdk'
      const client = new Anthropic({ maxRetries: 0 })
      for (const word of ['one', 'two']) {
        const message = await client.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 64, messages: [{ role: 'user', content: word }] })
        console.log(message.content[0].text)
      }`
    const output = await run(program, {
      ANTHROPIC_BASE_URL: `${keyward.issuer}/g/anthropic`,
      ANTHROPIC_FEDERATION_RULE_ID: podRule,
      ANTHROPIC_ORGANIZATION_ID: '00000000-aaaa-4bbb-8ccc-000000000009',
      ANTHROPIC_IDENTITY_TOKEN_FILE: tokenFile,
    })
    expect(output.trim().split('\n')).toEqual(['You said: one', 'You said: two'])
    expect(await provedBy(grants.anthropic ?? '')).toEqual({ method: 'oidc', assurance: 'federated' })
  })

  test('openai with workloadIdentity, whose token endpoint is pointed here by a fetch', async () => {
    const asked: string[] = []
    const client = new OpenAI({
      baseURL: `${keyward.issuer}/g/openai/v1`,
      maxRetries: 0,
      workloadIdentity: {
        identityProviderId: 'keyward',
        serviceAccountId: 'classifier',
        clientId: estate.workload,
        refreshBufferSeconds: 60,
        provider: { tokenType: 'jwt', getToken: async () => cluster.token({ ...kubernetesClaims(), aud: keyward.issuer }) },
      },
      fetch: (input, init) => {
        const url = String(input instanceof Request ? input.url : input)
        asked.push(url)
        return fetch(url === 'https://auth.openai.com/oauth/token' ? `${keyward.issuer}/g/openai/v1/oauth/token` : url, init)
      },
    })
    for (const word of ['one', 'two']) {
      const answer = await client.chat.completions.create({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: word }] })
      expect(answer.choices[0]?.message.content).toBe(`You said: ${word}`)
    }
    expect(asked.filter((url) => url.includes('/oauth/token'))).toHaveLength(1)
    expect(await provedBy(grants.openai ?? '')).toEqual({ method: 'oidc', assurance: 'federated' })
  })

  test('google-auth-library with an external account, from its file of configuration', async () => {
    const client = ExternalAccountClient.fromJSON({
      type: 'external_account',
      audience: `${keyward.issuer}/g/openai`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${keyward.issuer}/oauth2/token`,
      credential_source: { file: tokenFile },
    })
    if (client === null) throw new Error('the configuration was not understood')
    client.scopes = [`grant:${grants.openai}`]
    const { data } = await client.request<{ choices: { message: { content: string } }[] }>({
      url: `${keyward.issuer}/g/openai/v1/chat/completions`,
      method: 'POST',
      data: { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hello' }] },
    })
    expect(data.choices[0]?.message.content).toBe('You said: hello')
  })

  test('@actions/core: the token of a job of GitHub Actions counts once, and for its environment alone', async () => {
    const program = `
      import * as core from '@actions/core'
      import OpenAI from 'openai'
      const assertion = await core.getIDToken(process.env.KEYWARD)
      const body = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, resource: process.env.KEYWARD + '/g/openai' }
      const mint = () => fetch(process.env.KEYWARD + '/oauth2/token', { method: 'POST', body: new URLSearchParams(body) })
      const minted = await (await mint()).json()
      if (minted.error) { console.log(JSON.stringify(minted)); process.exit(0) }
      const again = await (await mint()).json()
      const client = new OpenAI({ baseURL: process.env.KEYWARD + '/g/openai/v1', apiKey: minted.access_token, maxRetries: 0 })
      const answer = await client.chat.completions.create({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'ship it' }] })
      console.log(JSON.stringify({ said: answer.choices[0].message.content, again: again.error }))`
    const job = async () => {
      const output = await run(program, {
        KEYWARD: keyward.issuer,
        ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken,
      })
      return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
    }
    github.run = { environment: 'production', subjectWithIds: true }
    expect(await job()).toEqual({ said: 'You said: ship it', again: 'invalid_grant' })
    github.run = { environment: 'staging' }
    expect(await job()).toMatchObject({ error: 'invalid_grant' })
    github.run = { event: 'pull_request' }
    expect(await job()).toMatchObject({ error: 'invalid_grant' })
  })
})

test('who makes trust rules sees which one a token fits, and why the others do not', async () => {
  const token = cluster.token({ ...kubernetesClaims({ account: 'other' }), aud: keyward.issuer })
  interface Tried {
    signature: string
    would_mint: string | null
    rules: { matches: boolean; reasons: string[]; workload: { id: string } }[]
    problems: string[]
  }
  const missed = await keyward.api<Tried>('POST', '/api/v1/issuers/try', { token })
  expect(missed).toMatchObject({
    signature: 'valid',
    problems: [],
    would_mint: null,
    rules: [{ matches: false, reasons: [expect.stringMatching(/^sub: the rule asks for .*classifier.*, the token says .*other/)] }],
  })
  const fitting = await keyward.api<Tried>('POST', '/api/v1/issuers/try', {
    token: cluster.token({ ...kubernetesClaims(), aud: keyward.issuer }),
  })
  expect(fitting).toMatchObject({ signature: 'valid', would_mint: estate.workload, rules: [{ matches: true, reasons: [] }] })
  expect(keyward.log()).not.toContain(token.split('.')[2])
})
