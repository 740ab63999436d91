import { FakeIssuer, startFakeIssuer } from './issuer.ts'

/* Issuers of the kinds that Keyward knows, on addresses of the same shape as theirs. */

/** GitLab: keys at `/oauth/discovery/keys`. */
export async function startFakeGitlab(): Promise<FakeIssuer> {
  return await startFakeIssuer({ keysPath: '/oauth/discovery/keys' })
}

/** A cluster's service account issuer: keys at `/openid/v1/jwks`; its tokens have no typ. */
export async function startFakeKubernetes(tls?: { key: string; cert: string }): Promise<FakeIssuer> {
  return await startFakeIssuer({ keysPath: '/openid/v1/jwks', ...(tls === undefined ? {} : { tls }) })
}

/** Google: two keys at a time, on an address of another path. */
export async function startFakeGoogle(): Promise<FakeIssuer> {
  return await startFakeIssuer({ keysPath: '/oauth2/v3/certs', keys: [{}, {}] })
}

/** Entra: the tenant is part of the issuer's address, and the keys are beside it. */
export async function startFakeEntra(tenant = '00000000-aaaa-4bbb-8ccc-000000000001'): Promise<FakeIssuer> {
  return await startFakeIssuer({ path: `/${tenant}/v2.0`, keysPath: `/${tenant}/discovery/v2.0/keys` })
}

/** A SPIFFE bundle endpoint of profile https_web, and the server that signs JWT-SVIDs of its trust domain. */
export async function startFakeSpiffe(trustDomain = 'acme.example', refreshHintSeconds = 300): Promise<FakeSpiffe> {
  return await new FakeSpiffe(trustDomain, refreshHintSeconds).start()
}

export class FakeSpiffe extends FakeIssuer {
  readonly trustDomain: string

  constructor(trustDomain: string, refreshHintSeconds: number) {
    super({
      issuer: trustDomain,
      keysPath: '/bundle',
      keys: [{ alg: 'ES256', use: 'jwt-svid' }],
      keysDocument: { spiffe_sequence: 1, spiffe_refresh_hint: refreshHintSeconds },
    })
    this.trustDomain = trustDomain
  }

  /** A JWT-SVID: sub, aud, exp and iat, no more. */
  svid(path: string, audience: string | string[], more: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const sub = `spiffe://${this.trustDomain}${path}`
    return this.token({ iss: undefined, jti: undefined, nbf: undefined, sub, aud: audience, ...more }, { header })
  }
}
