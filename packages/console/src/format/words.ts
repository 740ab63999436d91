/** Names of the closed vocabularies, for people. */
const names: Readonly<Record<string, string>> = {
  api_key: 'API key',
  oauth_token: 'OAuth token',
  workload_identity: 'Workload identity',
  certificate: 'Certificate',
  short_lived_token: 'Short-lived token',
  ci: 'CI',
  llm: 'Language model',
  mcp: 'MCP server',
  http: 'HTTP service',
  spiffe_x509: 'SPIFFE certificate',
  tls_client_auth: 'Client certificate',
  self_signed_tls_client_auth: 'Its own certificate',
  spiffe_jwt: 'SPIFFE token',
  oidc: 'Platform token',
  private_key_jwt: 'Key pair',
  client_secret_basic: 'Client secret',
  by_hand: 'By hand',
  authorization_code: 'Connected by a person',
  refresh_token: 'Connected by a person',
  github: 'GitHub Actions',
  gitlab: 'GitLab',
  google: 'Google',
  entra: 'Microsoft Entra',
  generic: 'Any other',
  spiffe: 'SPIFFE',
  x509: 'Certificate authority',
  dpop: 'DPoP key',
  mtls: 'Client certificate',
  key_bound: 'Key-bound',
  ok: 'Answered',
  upstream_error: 'Upstream error',
  upstream_unreachable: 'Upstream unreachable',
  client_abort: 'Caller left',
  cut: 'Cut by revocation',
  total: 'in total',
  hour: 'an hour',
  day: 'a day',
  month: 'a month',
}

export function word(value: string): string {
  return names[value] ?? value.charAt(0).toUpperCase() + value.slice(1).replaceAll('_', ' ')
}

/** What each authority lets a machine do unattended. */
export const authorityMeaning: Readonly<Record<string, string>> = {
  consume: 'read or use, without changing anything',
  modify: 'change data or state',
  spend: 'cause cost',
}

/** How sure one is of who holds a token, in a line each; by analogy with NIST SP 800-63. */
export const assuranceMeaning: Readonly<Record<string, string>> = {
  shared_secret: 'whoever has copied the secret may be it',
  federated: 'an issuer or a key of its own proved it; the token itself can be copied',
  key_bound: 'proved, and the token is useless without the key or certificate that it is bound to',
  attested: 'key-bound, and its issuer attests what runs where',
}

export const purposeMeaning: Readonly<Record<string, string>> = {
  model: 'calls models',
  data: 'reads or writes data',
  tool: 'calls tools',
  training: 'trains or tunes',
  billing: 'meters and checks quota',
  deploy: 'deploys',
}

export const roleMeaning: Readonly<Record<string, string>> = {
  admin: 'everything, users included',
  operator: 'runs inventory, grants and budgets',
  auditor: 'reads everything, the audit log included',
  viewer: 'reads inventory and spend',
}

/** `cred_01k…f3a9`: enough to tell two apart. */
export function shortId(id: string): string {
  const at = id.indexOf('_')
  return id.length - at > 12 ? `${id.slice(0, at + 1)}…${id.slice(-6)}` : id
}
