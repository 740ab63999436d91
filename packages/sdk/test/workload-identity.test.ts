import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getIDToken } from '@actions/core'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeGithub, startFakeGithub } from '../../testkit/src/issuers/github.ts'
import { ambientIdentities, identityVariables } from '../src/workload-identity/ambient.ts'
import { clientCertificate } from '../src/workload-identity/client-certificate.ts'
import { githubJob } from '../src/workload-identity/github-actions.ts'
import { gitlabJob } from '../src/workload-identity/gitlab-ci.ts'
import { IdentityError } from '../src/workload-identity/identity.ts'
import { tokenFile } from '../src/workload-identity/token-file.ts'

const issuer = 'https://keyward.example.com'
const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'FAKE'].map((one) => Buffer.from(one).toString('base64url')).join('.')
let folder: string
let github: FakeGithub
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-identity-'))
  github = await startFakeGithub()
})
afterAll(async () => {
  await github.stop()
  rmSync(folder, { recursive: true, force: true })
})

const job = () => ({ ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken })
const refusal = async (proving: Promise<unknown>): Promise<IdentityError> => {
  const error = await proving.catch((thrown: unknown) => thrown)
  if (!(error instanceof IdentityError)) throw new Error(`no IdentityError: ${String(error)}`)
  expect(error.fix).not.toBe('')
  return error
}

describe('a GitHub Actions job', () => {
  test('its token is asked for at each proof, as GitHub’s own toolkit asks, and made out to this Keyward alone', async () => {
    const before = github.requests.length
    const identity = githubJob(job())
    const [first, second] = [await identity.prove(issuer), await identity.prove(issuer)]
    expect(first.form.grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    expect(first.form.assertion).not.toBe(second.form.assertion)
    expect(github.requests.slice(before)).toEqual(['GET /runner/idtoken', 'GET /runner/idtoken'])
    const held = { ...process.env }
    Object.assign(process.env, job())
    const theirs = decodeJwt(await getIDToken(issuer).finally(() => Object.assign(process.env, held)))
    for (const name of Object.keys(job())) delete process.env[name]
    const ours = decodeJwt(first.form.assertion ?? '')
    expect(ours.aud).toBe(issuer)
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort())
  })

  test('the runner’s token is not sent over plain http to another machine, nor after a redirect, nor shown in an error', async () => {
    const plain = await refusal(githubJob({ ...job(), ACTIONS_ID_TOKEN_REQUEST_URL: 'http://runner.example.com/idtoken' }).prove(issuer))
    expect(plain.message).toContain('is not https')
    const asked: RequestInit[] = []
    const redirecting: typeof fetch = async (_, init) => {
      asked.push(init ?? {})
      throw new TypeError('redirect')
    }
    await refusal(githubJob(job(), { fetch: redirecting }).prove(issuer))
    expect(asked[0]?.redirect).toBe('error')
    const wrong = await refusal(githubJob({ ...job(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'FAKE-EXAMPLE-of-another-job' }).prove(issuer))
    expect(wrong.message).toContain('answered 401')
    expect(wrong.message + wrong.fix).not.toContain('FAKE-EXAMPLE')
  })

  test('an answer that is no token is refused without being repeated', async () => {
    for (const body of ['{}', 'not json', '{"value":"FAKE-EXAMPLE no token"}', JSON.stringify({ value: `a.${'b'.repeat(20_000)}.c` })]) {
      const error = await refusal(githubJob(job(), { fetch: async () => new Response(body) }).prove(issuer))
      expect(error.message).not.toContain('FAKE-EXAMPLE')
      expect(error.message.length).toBeLessThan(200)
    }
  })
})

test('a token in a file is read afresh for each proof, whole and without the newline that editors add', async () => {
  const file = join(folder, 'token')
  const identity = tokenFile({ file, workload: 'wl_1' })
  expect((await refusal(identity.prove(issuer))).message).toContain(file)
  for (const one of [jwt({ n: 1 }), jwt({ n: 2 })]) {
    writeFileSync(file, `${one}\n`)
    expect((await identity.prove(issuer)).form).toMatchObject({ assertion: one, client_id: 'wl_1' })
  }
  for (const bad of ['', '\n', 'FAKE-EXAMPLE', `${jwt({})} ${jwt({})}`, 'x'.repeat(100_000)]) {
    writeFileSync(file, bad)
    const error = await refusal(identity.prove(issuer))
    expect(error.message + error.fix).not.toContain('FAKE-EXAMPLE')
  }
})

test('a GitLab job without the variable is told what its configuration lacks, with the audience to write there', async () => {
  expect((await refusal(gitlabJob({}).prove(issuer))).fix).toBe(`Give the job id_tokens: KEYWARD_ID_TOKEN: aud: ${issuer}`)
})

test('a client certificate is shown over TLS alone, for a workload that was named, and its key is never in the form', async () => {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, '-----BEGIN CERTIFICATE-----\nRkFLRQ==\n-----END CERTIFICATE-----\n')
  writeFileSync(keyFile, '-----BEGIN PRIVATE KEY-----\nRkFLRS1FWEFNUExF\n-----END PRIVATE KEY-----\n')
  expect((await refusal(clientCertificate({ certFile, keyFile, workload: undefined }).prove(issuer))).fix).toContain('KEYWARD_WORKLOAD')
  const named = clientCertificate({ certFile, keyFile, workload: 'wl_1' })
  expect((await refusal(named.prove('http://localhost:7411'))).message).toContain('plain http')
  const proof = await named.prove(issuer)
  expect(proof.form).toEqual({ grant_type: 'client_credentials', client_id: 'wl_1' })
  expect(proof.certificate?.key).toContain('RkFLRS1FWEFNUExF')
  const swapped = await refusal(clientCertificate({ certFile: keyFile, keyFile: certFile, workload: 'wl_1' }).prove(issuer))
  expect(swapped.message).toContain('no certificate in PEM')
  expect(swapped.message + swapped.fix).not.toContain('RkFLRS1FWEFNUExF')
})

describe('what the surroundings give', () => {
  const none = { projectedTokenFile: '/nonexistent/keyward/token' }
  const foundIn = (env: Record<string, string>, options = none) =>
    ambientIdentities(env, options).flatMap(({ source, identity }) => (identity === undefined ? [] : [source]))

  test('what was named comes before what the platform gives, in an order that does not change', () => {
    const projectedTokenFile = join(folder, 'projected')
    writeFileSync(projectedTokenFile, jwt({}))
    const env = {
      ...job(),
      KEYWARD_ID_TOKEN: 'x',
      KEYWARD_IDENTITY_TOKEN_FILE: 'f',
      KEYWARD_CLIENT_CERT: 'c',
      KEYWARD_CLIENT_KEY: 'k',
    }
    expect(foundIn(env, { projectedTokenFile })).toEqual(['token-file', 'certificate', 'gitlab-ci', 'github-actions', 'kubernetes'])
    expect(foundIn({})).toEqual([])
    expect(foundIn({ KEYWARD_ID_TOKEN: '  ' }), 'an empty variable is none').toEqual([])
  })

  test('a pod’s default token, which is good at the cluster itself, is never looked at', () => {
    for (const { lookedFor } of ambientIdentities({}, {})) expect(lookedFor).not.toContain('kubernetes.io')
  })

  test('what a platform lacks is said: permissions, id_tokens, a projected token, half of a certificate', () => {
    const hints = ambientIdentities(
      { GITHUB_ACTIONS: 'true', GITLAB_CI: 'true', KUBERNETES_SERVICE_HOST: '10.0.0.1', KEYWARD_CLIENT_CERT: 'c' },
      none,
    ).flatMap(({ source, hint }) => (hint === undefined ? [] : [source]))
    expect(hints).toEqual(['certificate', 'gitlab-ci', 'github-actions', 'kubernetes'])
  })

  test('every variable that leads to an identity is one that a governed program does not get', () => {
    const env = Object.fromEntries(identityVariables.map((name) => [name, 'x']))
    expect(foundIn(env)).toEqual(['token-file', 'certificate', 'gitlab-ci', 'github-actions'])
    for (const name of Object.keys(env)) {
      const { [name]: _, ...rest } = env
      expect(foundIn(rest as Record<string, string>).length, name).toBe(3)
    }
  })
})
