import { createHash, randomBytes } from 'node:crypto'
import { kubernetesClaims } from '@keyward/testkit/issuers/claims'
import { type FakeGithub, startFakeGithub } from '@keyward/testkit/issuers/github'
import type { FakeIssuer } from '@keyward/testkit/issuers/issuer'
import { startFakeKubernetes } from '@keyward/testkit/issuers/known'
import type { Page } from 'playwright-core'
import type { KeywardProcess } from '../../support/keyward.ts'

interface IssuedToken {
  readonly id: string
  readonly token: string
}

/** Workloads that prove who they are by an issuer's word, and a token that went through several hands. */
export interface SampleIdentity {
  readonly github: FakeGithub
  readonly cluster: FakeIssuer
  readonly ids: Readonly<Record<'issuer' | 'clusterIssuer' | 'agent' | 'researcher' | 'browser' | 'grant', string>>
  /** From the agent's own token down: agent, researcher, browser; and a second one of the researcher. */
  readonly tokens: Readonly<Record<'first' | 'handedOn' | 'below' | 'narrow', IssuedToken>>
  /** Whoever is signed in at the page connects an editor to the agent; what it gets is handed on to the researcher. */
  connect(page: Page): Promise<{ readonly connected: IssuedToken; readonly forPerson: IssuedToken }>
  stop(): Promise<void>
}

interface Estate {
  readonly owner: string
  readonly resource: string
}

const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

export async function makeSampleIdentity(keyward: KeywardProcess, { owner, resource }: Estate): Promise<SampleIdentity> {
  const [github, cluster] = await Promise.all([startFakeGithub(), startFakeKubernetes()])
  const post = <T = { id: string }>(path: string, body: unknown) => keyward.api<T>('POST', `/api/v1${path}`, body)
  const trust = (name: string, issuer: FakeIssuer, preset: string) =>
    post('/issuers', { name, kind: 'oidc', preset, issuer: issuer.issuer, keys_from: { type: 'discovery' }, allow_private: true })
  const actions = await trust('GitHub Actions', github, 'github')
  const pods = await trust('Cluster eu-1', cluster, 'kubernetes')
  const workload = async (name: string, type: string) => (await post('/workloads', { name, type, owner, environment: 'production' })).id
  const [agent, researcher, browser] = [
    await workload('release-agent', 'agent'),
    await workload('research-agent', 'agent'),
    await workload('browser-tool', 'service'),
  ]
  const grant = (
    await post('/grants', {
      workload: agent,
      resource,
      scope: { models: ['gpt-4.1', 'gpt-4.1-mini'] },
      ttl_seconds: 3_600,
      delegates: [researcher, browser],
      reason: 'writes release notes',
    })
  ).id
  const identity = (of: string, body: object) => post<{ id: string; client_secret?: string }>(`/workloads/${of}/identities`, body)
  await identity(agent, {
    ...{ method: 'oidc', name: 'release job', issuer: actions.id },
    claims: { repository: 'acme/app', repository_id: '74', ref: 'refs/heads/main' },
  })
  await identity(agent, { method: 'oidc', name: 'any branch', issuer: actions.id, claims: { repository: 'acme/docs' } })
  await identity(agent, { method: 'oidc', issuer: pods.id, claims: { sub: kubernetesClaims().sub } })
  const secretOf = async (of: string) => (await identity(of, { method: 'client_secret_basic' })).client_secret ?? ''
  const secrets = { [researcher]: await secretOf(researcher), [browser]: await secretOf(browser) }

  const ask = async (form: Record<string, string>, client?: string) => {
    const basic = client === undefined ? {} : { authorization: `Basic ${btoa(`${client}:${secrets[client]}`)}` }
    const response = await fetch(`${keyward.origin}/oauth2/token`, { method: 'POST', headers: basic, body: new URLSearchParams(form) })
    const { access_token: token, ...rest } = (await response.json()) as Record<string, unknown>
    if (typeof token !== 'string') throw new Error(`no token: ${JSON.stringify(rest)}`)
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
    return { token, id: claims.jti }
  }
  const handOn = (from: { token: string }, to: string, more: Record<string, string> = {}) =>
    ask(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        ...{ subject_token: from.token, subject_token_type: accessToken },
        ...more,
      },
      to,
    )
  const first = await ask({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: github.tokenOf({}, keyward.issuer),
    client_id: agent,
    scope: `grant:${grant}`,
  })
  const handedOn = await handOn(first, researcher)
  const below = await handOn(handedOn, browser)
  const narrow = await handOn(first, researcher, {
    authorization_details: JSON.stringify([{ type: 'llm', models: ['gpt-4.1-mini'], operations: ['chat'] }]),
  })
  return {
    github,
    cluster,
    ids: { issuer: actions.id, clusterIssuer: pods.id, agent, researcher, browser, grant },
    tokens: { first, handedOn, below, narrow },
    async connect(page) {
      const connected = await ask(await connectEditor(keyward, grant, page))
      return { connected, forPerson: await handOn(connected, researcher) }
    },
    async stop() {
      await Promise.all([github.stop(), cluster.stop()])
    },
  }
}

/** Saying yes takes a person at a browser. @returns what the editor sends for its token */
async function connectEditor(keyward: KeywardProcess, grant: string, page: Page): Promise<Record<string, string>> {
  const redirectUri = 'http://127.0.0.1:4712/callback'
  const client = (
    await keyward.api<{ client_id: string }>('POST', '/api/v1/oauth-clients', { name: 'Acme Editor', redirect_uris: [redirectUri] })
  ).client_id
  const verifier = randomBytes(32).toString('base64url')
  const asked = new URLSearchParams({
    ...{ response_type: 'code', client_id: client, redirect_uri: redirectUri, state: 'FAKE-state', resource: `${keyward.issuer}/g/openai` },
    ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
  })
  const sent = await fetch(`${keyward.origin}/oauth2/authorize?${asked}`, { redirect: 'manual' })
  const request = new URL(sent.headers.get('location') ?? '').searchParams.get('request')
  const decision = { request, approve: true, grant }
  const back = await page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch('/api/v1/authorization-requests/decide', { method: 'POST', headers, body })
    return ((await answer.json()) as { redirect_to: string }).redirect_to
  }, JSON.stringify(decision))
  const code = new URL(back).searchParams.get('code') ?? ''
  return { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri, code_verifier: verifier }
}
