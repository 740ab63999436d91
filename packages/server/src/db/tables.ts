// Generated from the migrations by `npm run golden`. Do not edit.

import type { ColumnType, GeneratedAlways } from 'kysely'

/** A column with a default: it may be left out of an insert. */
export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>

/** A bigint column: money in nano-dollars, counters. */
export type Int8 = ColumnType<bigint, bigint | number, bigint | number>
export type Timestamp = ColumnType<Date, Date | string, Date | string>
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }
/** A jsonb column: read as a value, written as JSON text, because the driver takes a JavaScript array for an SQL one. */
export type Json = ColumnType<JsonValue, string, string>

export interface ApiTokensTable {
  id: string
  token_hash: Buffer
  user_id: string
  kind: Generated<'personal' | 'local' | 'login'>
  name: string
  hint: string
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
}

export interface AssertionReplaysTable {
  digest: Buffer
  expires_at: Timestamp
}

export interface AttemptCountersTable {
  key: Buffer
  failures: number
  window_ends_at: Timestamp
}

export interface AuditEntriesTable {
  at: Timestamp
  seq: Generated<Int8>
  id: string
  node_id: string
  action: string
  decision: 'allowed' | 'refused' | 'done' | 'failed'
  code: string | null
  actor_kind: 'user' | 'workload' | 'system' | 'anonymous'
  actor_id: string | null
  on_behalf_of: string | null
  workload_id: string | null
  token_id: string | null
  grant_id: string | null
  credential_id: string | null
  version_id: string | null
  resource_id: string | null
  tenant_id: string | null
  team: string | null
  environment: string | null
  target_kind: string | null
  target_id: string | null
  model: string | null
  operation: string | null
  effect: 'consume' | 'modify' | 'spend' | null
  call_id: string | null
  correlation_id: string | null
  reason: string | null
  details: Generated<Json>
}

export interface AuditPersonalTable {
  seq: Int8
  at: Timestamp
  user_id: string | null
  ip: string | null
  user_agent: string | null
}

export interface AuthorizationCodesTable {
  code_hash: Buffer
  family: string
  user_id: string
  consent_id: string | null
  api_token_id: string | null
  client: string
  redirect_uri: string
  code_challenge: string
  bound_to: string | null
  expires_at: Timestamp
  used_at: Timestamp | null
}

export interface BudgetWindowsTable {
  budget_id: string
  window_start: Timestamp
  spent_nano: Generated<Int8>
  reserved_nano: Generated<Int8>
}

export interface BudgetsTable {
  id: string
  level: 'org' | 'team' | 'workload' | 'grant'
  subject: string
  limit_nano: Int8
  time_window: 'total' | 'hour' | 'day' | 'month'
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface ChallengesTable {
  id: string
  kind: string
  user_id: string | null
  challenge: string
  expires_at: Timestamp
}

export interface ChangeCounterTable {
  singleton: Generated<boolean>
  seq: Generated<Int8>
}

export interface ChangesTable {
  seq: Int8
  at: Generated<Timestamp>
  kind:
    | 'credential'
    | 'token'
    | 'grant'
    | 'workload'
    | 'tenant'
    | 'resource'
    | 'budget'
    | 'price'
    | 'signing_key'
    | 'identity'
    | 'user'
    | 'owner'
    | 'environment'
    | 'issuer'
    | 'consent'
    | 'oauth_client'
    | 'identity_provider'
  subject: string
  op: 'changed' | 'revoked'
  reason: string | null
  node: string | null
}

export interface ConsentsTable {
  id: string
  user_id: string
  client: string
  client_name: string
  grant_id: string
  scope: Json | null
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
  revoked_reason: string | null
}

export interface CredentialVersionsTable {
  id: string
  credential_id: string
  number: number
  state: 'pending' | 'current' | 'previous' | 'disabled' | 'retired' | 'revoked'
  ciphertext: Buffer | null
  nonce: Buffer | null
  wrapped_key: Buffer | null
  encryption_key: string | null
  fingerprint: Buffer
  hint: string
  provider_key_id: string | null
  created_at: Generated<Timestamp>
  activated_at: Timestamp | null
  ended_at: Timestamp | null
}

export interface CredentialsTable {
  id: string
  name: string
  kind: 'api_key' | 'oauth_token' | 'workload_identity' | 'certificate' | 'short_lived_token'
  provider: string
  purpose: 'model' | 'data' | 'tool' | 'training' | 'billing' | 'deploy'
  authority: string[]
  environment: string
  owner: string
  backup_owner: string | null
  description: string | null
  allowed_origins: Generated<string[]>
  labels: Generated<Json>
  state: Generated<'active' | 'revoked'>
  expires_at: Timestamp | null
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
  revoked_reason: string | null
  search: GeneratedAlways<string>
  created_by: string | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface DetectionsTable {
  id: string
  fingerprint: Buffer
  detector: string
  provider: string
  name: string
  severity: 'critical' | 'high' | 'medium' | 'low'
  confidence_percent: number
  masked: string
  credential_id: string | null
  version_id: string | null
  state: Generated<'open' | 'adopted' | 'dismissed'>
  state_reason: string | null
  state_by: string | null
  state_at: Timestamp | null
  dismissed_until: Timestamp | null
  first_seen_at: Generated<Timestamp>
  last_seen_at: Generated<Timestamp>
  search: GeneratedAlways<string>
}

export interface DeviceLoginsTable {
  device_hash: Buffer
  user_code_hash: Buffer
  machine: string
  ip: string | null
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  polled_at: Timestamp | null
  decided_at: Timestamp | null
  decided_by: string | null
  approved: boolean | null
  used_at: Timestamp | null
}

export interface EncryptionKeysTable {
  id: string
  uri: string
  state: 'current' | 'previous' | 'retired'
  created_at: Generated<Timestamp>
}

export interface EnvironmentsTable {
  name: string
  description: string | null
  created_at: Generated<Timestamp>
}

export interface GrantsTable {
  id: string
  workload_id: string
  resource_id: string
  tenant_id: string | null
  scope: Json
  limits: Generated<Json>
  ttl_seconds: number
  expires_at: Timestamp | null
  require_dpop: Generated<boolean>
  streams_outlive_token: Generated<boolean>
  reason: string | null
  state: Generated<'active' | 'revoked'>
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
  revoked_reason: string | null
  created_by: string | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
  require_mtls: Generated<boolean>
  minimum_assurance: 'shared_secret' | 'federated' | 'key_bound' | 'attested' | null
  delegates: Generated<string[]>
}

export interface IdempotencyKeysTable {
  actor: string
  key: string
  route: string
  request_digest: Buffer
  status: number | null
  answer: Json | null
  etag: string | null
  created_at: Generated<Timestamp>
}

export interface IdentityProvidersTable {
  id: string
  name: string
  issuer: string
  client_id: string
  ciphertext: Buffer | null
  nonce: Buffer | null
  wrapped_key: Buffer | null
  encryption_key: string | null
  scopes: string[]
  groups_claim: string
  mappings: Json
  create_users: boolean
  allow_private: Generated<boolean>
  state: Generated<'active' | 'disabled'>
  created_by: string | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface InstallationTable {
  singleton: Generated<boolean>
  id: string
  organisation: string
  fingerprint_key: Json
  created_at: Generated<Timestamp>
}

export interface IssuersTable {
  id: string
  name: string
  kind: 'oidc' | 'spiffe' | 'x509'
  issuer: string
  preset: 'github' | 'gitlab' | 'kubernetes' | 'google' | 'entra' | 'generic'
  keys_from: Json
  allow_private: Generated<boolean>
  attests: Generated<boolean>
  ca: string | null
  description: string | null
  state: Generated<'active' | 'revoked'>
  revoked_at: Timestamp | null
  revoked_reason: string | null
  created_by: string | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface KeywardMigrationsTable {
  number: number
  name: string
  checksum: string
  applied_at: Generated<Timestamp>
}

export interface NodesTable {
  id: string
  home: string | null
  host: string
  pid: number
  roles: string[]
  version: string
  started_at: Generated<Timestamp>
  heard_at: Generated<Timestamp>
  heard_seq: Generated<Int8>
  last_effect_ms: number | null
  max_effect_ms: number | null
  swept_at: Timestamp | null
  stopped_at: Timestamp | null
}

export interface OauthClientsTable {
  id: string
  name: string
  workload_id: string | null
  redirect_uris: string[]
  state: Generated<'active' | 'revoked'>
  revoked_at: Timestamp | null
  created_by: string | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface OwnersTable {
  id: string
  kind: 'person' | 'team'
  name: string
  contact: string
  backup: string | null
  team: string | null
  search: GeneratedAlways<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface PasskeysTable {
  id: string
  user_id: string
  webauthn_id: string
  public_key: Buffer
  sign_count: Int8
  transports: Generated<string[]>
  name: string
  created_at: Generated<Timestamp>
  last_used_at: Timestamp | null
}

export interface PasswordsTable {
  user_id: string
  hash: string
  updated_at: Generated<Timestamp>
}

export interface PricesTable {
  id: string
  provider: string
  model: string
  input_nano_per_million: Int8
  output_nano_per_million: Int8
  cached_input_nano_per_million: Int8 | null
  cache_write_nano_per_million: Int8 | null
  request_nano: Int8 | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface ProviderLoginsTable {
  state_hash: Buffer
  provider_id: string
  browser_hash: Buffer
  nonce: string
  code_verifier: string
  return_to: string | null
  user_id: string | null
  again: Generated<boolean>
  expires_at: Timestamp
}

export interface RateWindowsTable {
  grant_id: string
  minute: Int8
  requests: Generated<Int8>
  tokens: Generated<Int8>
}

export interface RefreshTokensTable {
  id: string
  token_hash: Buffer
  family: string
  consent_id: string
  client: string
  bound_to: string | null
  issued_at: Generated<Timestamp>
  expires_at: Timestamp
  used_at: Timestamp | null
  revoked_at: Timestamp | null
}

export interface ReservationsTable {
  call_id: string
  at: Timestamp
  node_id: string
  amount_nano: Int8
  held_budgets: string[]
  held_starts: Timestamp[]
  grant_id: string
  rate_minute: Int8 | null
  rate_tokens: Int8 | null
  expires_at: Timestamp
}

export interface ResourceCredentialsTable {
  resource_id: string
  environment: string
  credential_id: string
}

export interface ResourcesTable {
  id: string
  name: string
  kind: 'llm' | 'mcp' | 'http' | 'git' | 'database' | 'cloud'
  upstream: string
  provider: string | null
  injection: Json
  allow_private: Generated<boolean>
  limits: Generated<Json>
  description: string | null
  search: GeneratedAlways<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface RoleBindingsTable {
  id: string
  user_id: string
  role: 'admin' | 'operator' | 'auditor' | 'viewer'
  team: string | null
  environment: string | null
  source: string | null
}

export interface SecondOpinionsTable {
  id: string
  action: string
  summary: string
  details: Json
  digest: Buffer
  asked_by: string
  asked_at: Generated<Timestamp>
  expires_at: Timestamp
  decided_by: string | null
  decided_at: Timestamp | null
  approved: boolean | null
  reason: string | null
  used_at: Timestamp | null
}

export interface SessionsTable {
  id: string
  token_hash: Buffer
  user_id: string
  method: 'link' | 'password' | 'passkey' | 'oidc'
  ip: string | null
  user_agent: string | null
  created_at: Generated<Timestamp>
  authenticated_at: Generated<Timestamp>
  last_seen_at: Generated<Timestamp>
  expires_at: Timestamp
  ended_at: Timestamp | null
  provider_id: string | null
}

export interface SettingsTable {
  key: string
  value: Json
  updated_at: Generated<Timestamp>
}

export interface SightingsTable {
  id: string
  detection_id: string
  place: Buffer
  source: 'file' | 'git' | 'staged' | 'image' | 'log' | 'stdin' | 'environment' | 'process'
  origin: string | null
  path: string
  line: number
  commit: string | null
  author: string | null
  email: string | null
  what: string | null
  seen_at: Timestamp | null
  reported_by: string
  first_reported_at: Generated<Timestamp>
  last_reported_at: Generated<Timestamp>
  search: GeneratedAlways<string>
}

export interface SignInLinksTable {
  token_hash: Buffer
  user_id: string
  purpose: 'first_start' | 'invite'
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  used_at: Timestamp | null
}

export interface SigningKeysTable {
  kid: string
  alg: 'ES256' | 'RS256'
  state: 'next' | 'current' | 'previous' | 'retired'
  public_jwk: Json
  ciphertext: Buffer
  nonce: Buffer
  wrapped_key: Buffer
  encryption_key: string
  created_at: Generated<Timestamp>
  activated_at: Timestamp | null
  published_until: Timestamp | null
}

export interface TenantsTable {
  id: string
  name: string
  external_id: string
  state: Generated<'active' | 'revoked'>
  revoked_at: Timestamp | null
  revoked_reason: string | null
  search: GeneratedAlways<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

export interface TokensTable {
  id: string
  grant_id: string
  workload_id: string
  resource_id: string
  tenant_id: string | null
  identity_id: string | null
  parent: string | null
  method: string
  minted_by: string | null
  bound_to: string | null
  issued_at: Timestamp
  expires_at: Timestamp
  revoked_at: Timestamp | null
  user_id: string | null
  actor_id: string | null
  client: string | null
  consent_id: string | null
  family: string | null
  depth: Generated<number>
  scope: Json | null
  binding: 'dpop' | 'mtls' | null
  assurance: Generated<'shared_secret' | 'federated' | 'key_bound' | 'attested'>
}

export interface UsageEventsTable {
  at: Timestamp
  call_id: string
  attempt: Generated<number>
  node_id: string
  workload_id: string
  grant_id: string
  token_id: string | null
  resource_id: string
  credential_id: string
  version_id: string | null
  tenant_id: string | null
  team: string | null
  environment: string
  operation: string
  model: string | null
  outcome: string
  status: number | null
  streamed: Generated<boolean>
  input_tokens: Int8 | null
  cached_input_tokens: Int8 | null
  cache_write_tokens: Int8 | null
  output_tokens: Int8 | null
  cost_nano: Int8 | null
  estimated: Generated<boolean>
  latency_ms: number | null
  first_byte_ms: number | null
  overhead_ms: number | null
}

export interface UserLinksTable {
  provider_id: string
  subject: string
  user_id: string
  created_at: Generated<Timestamp>
  last_used_at: Timestamp | null
}

export interface UsersTable {
  id: string
  name: string
  email: string | null
  state: Generated<'active' | 'disabled'>
  owner: string | null
  built_in: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  last_sign_in_at: Timestamp | null
}

export interface WorkloadIdentitiesTable {
  id: string
  workload_id: string
  method: string
  name: string | null
  public_jwk: Json | null
  thumbprint: string | null
  secret_hash: Buffer | null
  hint: string | null
  params: Generated<Json>
  created_at: Generated<Timestamp>
  expires_at: Timestamp | null
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
  issuer_id: string | null
}

export interface WorkloadsTable {
  id: string
  name: string
  type: 'agent' | 'pipeline' | 'ci' | 'service' | 'model'
  owner: string
  backup_owner: string | null
  environment: string
  description: string | null
  state: Generated<'active' | 'revoked'>
  last_used_at: Timestamp | null
  revoked_at: Timestamp | null
  revoked_reason: string | null
  search: GeneratedAlways<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  revision: Generated<number>
}

/** Every table, by its name in SQL. */
export interface Tables {
  api_tokens: ApiTokensTable
  assertion_replays: AssertionReplaysTable
  attempt_counters: AttemptCountersTable
  audit_entries: AuditEntriesTable
  audit_personal: AuditPersonalTable
  authorization_codes: AuthorizationCodesTable
  budget_windows: BudgetWindowsTable
  budgets: BudgetsTable
  challenges: ChallengesTable
  change_counter: ChangeCounterTable
  changes: ChangesTable
  consents: ConsentsTable
  credential_versions: CredentialVersionsTable
  credentials: CredentialsTable
  detections: DetectionsTable
  device_logins: DeviceLoginsTable
  encryption_keys: EncryptionKeysTable
  environments: EnvironmentsTable
  grants: GrantsTable
  idempotency_keys: IdempotencyKeysTable
  identity_providers: IdentityProvidersTable
  installation: InstallationTable
  issuers: IssuersTable
  keyward_migrations: KeywardMigrationsTable
  nodes: NodesTable
  oauth_clients: OauthClientsTable
  owners: OwnersTable
  passkeys: PasskeysTable
  passwords: PasswordsTable
  prices: PricesTable
  provider_logins: ProviderLoginsTable
  rate_windows: RateWindowsTable
  refresh_tokens: RefreshTokensTable
  reservations: ReservationsTable
  resource_credentials: ResourceCredentialsTable
  resources: ResourcesTable
  role_bindings: RoleBindingsTable
  second_opinions: SecondOpinionsTable
  sessions: SessionsTable
  settings: SettingsTable
  sightings: SightingsTable
  sign_in_links: SignInLinksTable
  signing_keys: SigningKeysTable
  tenants: TenantsTable
  tokens: TokensTable
  usage_events: UsageEventsTable
  user_links: UserLinksTable
  users: UsersTable
  workload_identities: WorkloadIdentitiesTable
  workloads: WorkloadsTable
}
