-- The schema that the migrations make. Written by `npm run golden`; do not edit.
-- Daily partitions are not part of it.

set check_function_bodies = off;

create sequence audit_seq as bigint increment 1 minvalue 1 maxvalue 9223372036854775807 start 1 cache 1;

create table api_tokens (
  id text not null,
  token_hash bytea not null,
  user_id text not null,
  kind text default 'personal'::text not null,
  name text not null,
  hint text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_tokens_pkey PRIMARY KEY (id),
  constraint api_tokens_token_hash_key UNIQUE (token_hash),
  constraint api_tokens_kind_check CHECK ((kind = ANY (ARRAY['personal'::text, 'local'::text, 'login'::text])))
);
CREATE INDEX api_tokens_user ON public.api_tokens USING btree (user_id, created_at DESC, id DESC);

create table assertion_replays (
  digest bytea not null,
  expires_at timestamp with time zone not null,
  constraint assertion_replays_pkey PRIMARY KEY (digest)
);
CREATE INDEX assertion_replays_expires ON public.assertion_replays USING btree (expires_at);

create table attempt_counters (
  key bytea not null,
  failures integer not null,
  window_ends_at timestamp with time zone not null,
  constraint attempt_counters_pkey PRIMARY KEY (key)
);
CREATE INDEX attempt_counters_window ON public.attempt_counters USING btree (window_ends_at);

create table audit_entries (
  at timestamp with time zone not null,
  seq bigint default nextval('audit_seq'::regclass) not null,
  id text not null,
  node_id text not null,
  action text not null,
  decision text not null,
  code text,
  actor_kind text not null,
  actor_id text,
  on_behalf_of text,
  workload_id text,
  token_id text,
  grant_id text,
  credential_id text,
  version_id text,
  resource_id text,
  tenant_id text,
  team text,
  environment text,
  target_kind text,
  target_id text,
  model text,
  operation text,
  effect text,
  call_id text,
  correlation_id text,
  reason text,
  details jsonb default '{}'::jsonb not null,
  constraint audit_entries_pkey PRIMARY KEY (at, seq),
  constraint audit_entries_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['user'::text, 'workload'::text, 'system'::text, 'anonymous'::text]))),
  constraint audit_entries_decision_check CHECK ((decision = ANY (ARRAY['allowed'::text, 'refused'::text, 'done'::text, 'failed'::text]))),
  constraint audit_entries_effect_check CHECK ((effect = ANY (ARRAY['consume'::text, 'modify'::text, 'spend'::text])))
) partition by RANGE (at);
CREATE INDEX audit_entries_actor ON public.audit_entries USING btree (actor_id, at DESC) WHERE (actor_kind <> 'workload'::text);
CREATE INDEX audit_entries_acts ON public.audit_entries USING btree (at DESC) WHERE ((action <> 'gateway.call'::text) OR (decision <> 'allowed'::text));
CREATE INDEX audit_entries_call ON public.audit_entries USING btree (call_id) WHERE (call_id IS NOT NULL);
CREATE INDEX audit_entries_grant ON public.audit_entries USING btree (grant_id, at DESC) WHERE (grant_id IS NOT NULL);
CREATE INDEX audit_entries_target ON public.audit_entries USING btree (target_id, at DESC) WHERE (target_id IS NOT NULL);
CREATE INDEX audit_entries_workload ON public.audit_entries USING btree (workload_id, at DESC) WHERE (workload_id IS NOT NULL);

create table audit_personal (
  seq bigint not null,
  at timestamp with time zone not null,
  user_id text,
  ip text,
  user_agent text,
  constraint audit_personal_pkey PRIMARY KEY (seq)
);
CREATE INDEX audit_personal_at ON public.audit_personal USING brin (at);
CREATE INDEX audit_personal_user ON public.audit_personal USING btree (user_id) WHERE (user_id IS NOT NULL);

create table authorization_codes (
  code_hash bytea not null,
  family text not null,
  user_id text not null,
  consent_id text,
  api_token_id text,
  client text not null,
  redirect_uri text not null,
  code_challenge text not null,
  bound_to text,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint authorization_codes_pkey PRIMARY KEY (code_hash)
);
CREATE INDEX authorization_codes_expires ON public.authorization_codes USING btree (expires_at);
CREATE UNIQUE INDEX authorization_codes_request ON public.authorization_codes USING btree (user_id, client, code_challenge);

create table budget_windows (
  budget_id text not null,
  window_start timestamp with time zone not null,
  spent_nano bigint default 0 not null,
  reserved_nano bigint default 0 not null,
  constraint budget_windows_pkey PRIMARY KEY (budget_id, window_start),
  constraint budget_windows_reserved_nano_check CHECK ((reserved_nano >= 0)),
  constraint budget_windows_spent_nano_check CHECK ((spent_nano >= 0))
) with (fillfactor=50);

create table budgets (
  id text not null,
  level text not null,
  subject text not null,
  limit_nano bigint not null,
  time_window text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint budgets_pkey PRIMARY KEY (id),
  constraint budgets_level_subject_time_window_key UNIQUE (level, subject, time_window),
  constraint budgets_level_check CHECK ((level = ANY (ARRAY['org'::text, 'team'::text, 'workload'::text, 'grant'::text]))),
  constraint budgets_limit_nano_check CHECK ((limit_nano >= 0)),
  constraint budgets_time_window_check CHECK ((time_window = ANY (ARRAY['total'::text, 'hour'::text, 'day'::text, 'month'::text])))
);
CREATE INDEX budgets_page ON public.budgets USING btree (created_at DESC, id DESC);

create table challenges (
  id text not null,
  kind text not null,
  user_id text,
  challenge text not null,
  expires_at timestamp with time zone not null,
  constraint challenges_pkey PRIMARY KEY (id)
);
CREATE INDEX challenges_expires ON public.challenges USING btree (expires_at);

create table change_counter (
  singleton boolean default true not null,
  seq bigint default 0 not null,
  constraint change_counter_pkey PRIMARY KEY (singleton),
  constraint change_counter_singleton_check CHECK (singleton)
);

create table changes (
  seq bigint not null,
  at timestamp with time zone default clock_timestamp() not null,
  kind text not null,
  subject text not null,
  op text not null,
  reason text,
  node text,
  constraint changes_pkey PRIMARY KEY (seq),
  constraint changes_kind_check CHECK ((kind = ANY (ARRAY['credential'::text, 'token'::text, 'grant'::text, 'workload'::text, 'tenant'::text, 'resource'::text, 'budget'::text, 'price'::text, 'signing_key'::text, 'identity'::text, 'user'::text, 'owner'::text, 'environment'::text, 'issuer'::text, 'consent'::text, 'oauth_client'::text, 'identity_provider'::text]))),
  constraint changes_op_check CHECK ((op = ANY (ARRAY['changed'::text, 'revoked'::text])))
);
CREATE INDEX changes_at ON public.changes USING btree (at);

create table consents (
  id text not null,
  user_id text not null,
  client text not null,
  client_name text not null,
  grant_id text not null,
  scope jsonb,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_reason text,
  constraint consents_pkey PRIMARY KEY (id)
);
CREATE INDEX consents_by_client ON public.consents USING btree (client) WHERE (revoked_at IS NULL);
CREATE INDEX consents_by_grant ON public.consents USING btree (grant_id);
CREATE INDEX consents_by_user ON public.consents USING btree (user_id, created_at DESC, id DESC);
CREATE INDEX consents_page ON public.consents USING btree (created_at DESC, id DESC);

create table credential_versions (
  id text not null,
  credential_id text not null,
  number integer not null,
  state text not null,
  ciphertext bytea,
  nonce bytea,
  wrapped_key bytea,
  encryption_key text,
  fingerprint bytea not null,
  hint text not null,
  provider_key_id text,
  created_at timestamp with time zone default now() not null,
  activated_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint credential_versions_pkey PRIMARY KEY (id),
  constraint credential_versions_credential_id_number_key UNIQUE (credential_id, number),
  constraint credential_versions_check CHECK (((ciphertext IS NOT NULL) OR (state = ANY (ARRAY['retired'::text, 'revoked'::text])))),
  constraint credential_versions_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'current'::text, 'previous'::text, 'disabled'::text, 'retired'::text, 'revoked'::text])))
);
CREATE INDEX credential_versions_fingerprint ON public.credential_versions USING btree (fingerprint);
CREATE INDEX credential_versions_key ON public.credential_versions USING btree (encryption_key, id) WHERE (ciphertext IS NOT NULL);
CREATE UNIQUE INDEX credential_versions_one_current ON public.credential_versions USING btree (credential_id) WHERE (state = 'current'::text);

create table credentials (
  id text not null,
  name text not null,
  kind text not null,
  provider text not null,
  purpose text not null,
  authority text[] not null,
  environment text not null,
  owner text not null,
  backup_owner text,
  description text,
  allowed_origins text[] default '{}'::text[] not null,
  labels jsonb default '{}'::jsonb not null,
  state text default 'active'::text not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_reason text,
  search tsvector generated always as ((to_tsvector('simple'::regconfig, ((((name || ' '::text) || provider) || ' '::text) || COALESCE(description, ''::text))) || jsonb_to_tsvector('simple'::regconfig, labels, '["string"]'::jsonb))) stored not null,
  created_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint credentials_pkey PRIMARY KEY (id),
  constraint credentials_authority_check CHECK (((authority <@ ARRAY['consume'::text, 'modify'::text, 'spend'::text]) AND (cardinality(authority) > 0))),
  constraint credentials_kind_check CHECK ((kind = ANY (ARRAY['api_key'::text, 'oauth_token'::text, 'workload_identity'::text, 'certificate'::text, 'short_lived_token'::text]))),
  constraint credentials_purpose_check CHECK ((purpose = ANY (ARRAY['model'::text, 'data'::text, 'tool'::text, 'training'::text, 'billing'::text, 'deploy'::text]))),
  constraint credentials_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE INDEX credentials_by_backup ON public.credentials USING btree (backup_owner) WHERE (backup_owner IS NOT NULL);
CREATE INDEX credentials_by_environment ON public.credentials USING btree (environment, created_at DESC, id DESC);
CREATE INDEX credentials_by_kind ON public.credentials USING btree (kind, created_at DESC, id DESC);
CREATE INDEX credentials_by_owner ON public.credentials USING btree (owner, created_at DESC, id DESC);
CREATE INDEX credentials_by_provider ON public.credentials USING btree (provider, created_at DESC, id DESC);
CREATE INDEX credentials_by_purpose ON public.credentials USING btree (purpose, created_at DESC, id DESC);
CREATE INDEX credentials_by_state ON public.credentials USING btree (state, created_at DESC, id DESC);
CREATE INDEX credentials_expiring ON public.credentials USING btree (expires_at) WHERE ((state = 'active'::text) AND (expires_at IS NOT NULL));
CREATE INDEX credentials_live_by_owner ON public.credentials USING btree (owner) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX credentials_name ON public.credentials USING btree (environment, lower(name)) WHERE (state = 'active'::text);
CREATE INDEX credentials_page ON public.credentials USING btree (created_at DESC, id DESC);
CREATE INDEX credentials_search ON public.credentials USING gin (search);

create table detections (
  id text not null,
  fingerprint bytea not null,
  detector text not null,
  provider text not null,
  name text not null,
  severity text not null,
  confidence_percent integer not null,
  masked text not null,
  credential_id text,
  version_id text,
  state text default 'open'::text not null,
  state_reason text,
  state_by text,
  state_at timestamp with time zone,
  dismissed_until timestamp with time zone,
  first_seen_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null,
  search tsvector generated always as (to_tsvector('simple'::regconfig, ((((name || ' '::text) || provider) || ' '::text) || detector))) stored not null,
  constraint detections_pkey PRIMARY KEY (id),
  constraint detections_fingerprint_key UNIQUE (fingerprint),
  constraint detections_confidence_percent_check CHECK (((confidence_percent >= 0) AND (confidence_percent <= 100))),
  constraint detections_fingerprint_check CHECK ((octet_length(fingerprint) = 32)),
  constraint detections_severity_check CHECK ((severity = ANY (ARRAY['critical'::text, 'high'::text, 'medium'::text, 'low'::text]))),
  constraint detections_state_check CHECK ((state = ANY (ARRAY['open'::text, 'adopted'::text, 'dismissed'::text])))
);
CREATE INDEX detections_by_credential ON public.detections USING btree (credential_id) WHERE (credential_id IS NOT NULL);
CREATE INDEX detections_by_provider ON public.detections USING btree (provider, first_seen_at DESC, id DESC);
CREATE INDEX detections_by_severity ON public.detections USING btree (severity, first_seen_at DESC, id DESC);
CREATE INDEX detections_by_state ON public.detections USING btree (state, first_seen_at DESC, id DESC);
CREATE INDEX detections_by_version ON public.detections USING btree (version_id) WHERE (version_id IS NOT NULL);
CREATE INDEX detections_page ON public.detections USING btree (first_seen_at DESC, id DESC);
CREATE INDEX detections_search ON public.detections USING gin (search);

create table device_logins (
  device_hash bytea not null,
  user_code_hash bytea not null,
  machine text not null,
  ip text,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  polled_at timestamp with time zone,
  decided_at timestamp with time zone,
  decided_by text,
  approved boolean,
  used_at timestamp with time zone,
  constraint device_logins_pkey PRIMARY KEY (device_hash),
  constraint device_logins_user_code_hash_key UNIQUE (user_code_hash)
);
CREATE INDEX device_logins_expires ON public.device_logins USING btree (expires_at);

create table encryption_keys (
  id text not null,
  uri text not null,
  state text not null,
  created_at timestamp with time zone default now() not null,
  constraint encryption_keys_pkey PRIMARY KEY (id),
  constraint encryption_keys_state_check CHECK ((state = ANY (ARRAY['current'::text, 'previous'::text, 'retired'::text])))
);
CREATE UNIQUE INDEX encryption_keys_one_current ON public.encryption_keys USING btree (state) WHERE (state = 'current'::text);

create table environments (
  name text not null,
  description text,
  created_at timestamp with time zone default now() not null,
  constraint environments_pkey PRIMARY KEY (name)
);

create table grants (
  id text not null,
  workload_id text not null,
  resource_id text not null,
  tenant_id text,
  scope jsonb not null,
  limits jsonb default '{}'::jsonb not null,
  ttl_seconds integer not null,
  expires_at timestamp with time zone,
  require_dpop boolean default false not null,
  streams_outlive_token boolean default false not null,
  reason text,
  state text default 'active'::text not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_reason text,
  created_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  require_mtls boolean default false not null,
  minimum_assurance text,
  delegates text[] default '{}'::text[] not null,
  constraint grants_pkey PRIMARY KEY (id),
  constraint grants_minimum_assurance_check CHECK ((minimum_assurance = ANY (ARRAY['shared_secret'::text, 'federated'::text, 'key_bound'::text, 'attested'::text]))),
  constraint grants_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE INDEX grants_by_resource ON public.grants USING btree (resource_id, created_at DESC, id DESC);
CREATE INDEX grants_by_tenant ON public.grants USING btree (tenant_id, created_at DESC, id DESC) WHERE (tenant_id IS NOT NULL);
CREATE INDEX grants_by_workload ON public.grants USING btree (workload_id, created_at DESC, id DESC);
CREATE INDEX grants_delegates ON public.grants USING gin (delegates) WHERE (delegates <> '{}'::text[]);
CREATE INDEX grants_page ON public.grants USING btree (created_at DESC, id DESC);

create table idempotency_keys (
  actor text not null,
  key text not null,
  route text not null,
  request_digest bytea not null,
  status integer,
  answer jsonb,
  etag text,
  created_at timestamp with time zone default now() not null,
  constraint idempotency_keys_pkey PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (created_at);

create table identity_providers (
  id text not null,
  name text not null,
  issuer text not null,
  client_id text not null,
  ciphertext bytea,
  nonce bytea,
  wrapped_key bytea,
  encryption_key text,
  scopes text[] not null,
  groups_claim text not null,
  mappings jsonb not null,
  create_users boolean not null,
  allow_private boolean default false not null,
  state text default 'active'::text not null,
  created_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint identity_providers_pkey PRIMARY KEY (id),
  constraint identity_providers_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);
CREATE UNIQUE INDEX identity_providers_issuer ON public.identity_providers USING btree (issuer, client_id);
CREATE INDEX identity_providers_key ON public.identity_providers USING btree (encryption_key, id) WHERE (ciphertext IS NOT NULL);
CREATE UNIQUE INDEX identity_providers_name ON public.identity_providers USING btree (lower(name));
CREATE INDEX identity_providers_page ON public.identity_providers USING btree (created_at DESC, id DESC);

create table installation (
  singleton boolean default true not null,
  id text not null,
  organisation text not null,
  fingerprint_key jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint installation_pkey PRIMARY KEY (singleton),
  constraint installation_id_check CHECK ((id ~~ 'ins\_%'::text)),
  constraint installation_singleton_check CHECK (singleton)
);

create table issuers (
  id text not null,
  name text not null,
  kind text not null,
  issuer text not null,
  preset text not null,
  keys_from jsonb not null,
  allow_private boolean default false not null,
  attests boolean default false not null,
  ca text,
  description text,
  state text default 'active'::text not null,
  revoked_at timestamp with time zone,
  revoked_reason text,
  created_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint issuers_pkey PRIMARY KEY (id),
  constraint issuers_kind_check CHECK ((kind = ANY (ARRAY['oidc'::text, 'spiffe'::text, 'x509'::text]))),
  constraint issuers_preset_check CHECK ((preset = ANY (ARRAY['github'::text, 'gitlab'::text, 'kubernetes'::text, 'google'::text, 'entra'::text, 'generic'::text]))),
  constraint issuers_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE UNIQUE INDEX issuers_issuer ON public.issuers USING btree (kind, issuer) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX issuers_name ON public.issuers USING btree (lower(name)) WHERE (state = 'active'::text);
CREATE INDEX issuers_page ON public.issuers USING btree (created_at DESC, id DESC);

create table keyward_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default clock_timestamp() not null,
  constraint keyward_migrations_pkey PRIMARY KEY (number)
);

create table nodes (
  id text not null,
  home text,
  host text not null,
  pid integer not null,
  roles text[] not null,
  version text not null,
  started_at timestamp with time zone default clock_timestamp() not null,
  heard_at timestamp with time zone default clock_timestamp() not null,
  heard_seq bigint default 0 not null,
  last_effect_ms double precision,
  max_effect_ms double precision,
  swept_at timestamp with time zone,
  stopped_at timestamp with time zone,
  constraint nodes_pkey PRIMARY KEY (id)
);

create table oauth_clients (
  id text not null,
  name text not null,
  workload_id text,
  redirect_uris text[] not null,
  state text default 'active'::text not null,
  revoked_at timestamp with time zone,
  created_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint oauth_clients_pkey PRIMARY KEY (id),
  constraint oauth_clients_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE UNIQUE INDEX oauth_clients_name ON public.oauth_clients USING btree (lower(name)) WHERE (state = 'active'::text);
CREATE INDEX oauth_clients_page ON public.oauth_clients USING btree (created_at DESC, id DESC);
CREATE UNIQUE INDEX oauth_clients_workload ON public.oauth_clients USING btree (workload_id) WHERE (state = 'active'::text);

create table owners (
  id text not null,
  kind text not null,
  name text not null,
  contact text not null,
  backup text,
  team text,
  search tsvector generated always as (to_tsvector('simple'::regconfig, ((name || ' '::text) || contact))) stored not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint owners_pkey PRIMARY KEY (id),
  constraint owners_check CHECK (((team IS NULL) OR (kind = 'person'::text))),
  constraint owners_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'team'::text])))
);
CREATE INDEX owners_backup ON public.owners USING btree (backup) WHERE (backup IS NOT NULL);
CREATE INDEX owners_by_contact ON public.owners USING btree (lower(contact));
CREATE UNIQUE INDEX owners_name ON public.owners USING btree (kind, lower(name));
CREATE INDEX owners_page ON public.owners USING btree (created_at DESC, id DESC);
CREATE INDEX owners_search ON public.owners USING gin (search);
CREATE INDEX owners_team ON public.owners USING btree (team) WHERE (team IS NOT NULL);

create table passkeys (
  id text not null,
  user_id text not null,
  webauthn_id text not null,
  public_key bytea not null,
  sign_count bigint not null,
  transports text[] default '{}'::text[] not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  last_used_at timestamp with time zone,
  constraint passkeys_pkey PRIMARY KEY (id),
  constraint passkeys_webauthn_id_key UNIQUE (webauthn_id)
);
CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id);

create table passwords (
  user_id text not null,
  hash text not null,
  updated_at timestamp with time zone default now() not null,
  constraint passwords_pkey PRIMARY KEY (user_id)
);

create table prices (
  id text not null,
  provider text not null,
  model text not null,
  input_nano_per_million bigint not null,
  output_nano_per_million bigint not null,
  cached_input_nano_per_million bigint,
  cache_write_nano_per_million bigint,
  request_nano bigint,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint prices_pkey PRIMARY KEY (id),
  constraint prices_provider_model_key UNIQUE (provider, model)
);

create table provider_logins (
  state_hash bytea not null,
  provider_id text not null,
  browser_hash bytea not null,
  nonce text not null,
  code_verifier text not null,
  return_to text,
  user_id text,
  again boolean default false not null,
  expires_at timestamp with time zone not null,
  constraint provider_logins_pkey PRIMARY KEY (state_hash)
);
CREATE INDEX provider_logins_expires ON public.provider_logins USING btree (expires_at);

create table rate_windows (
  grant_id text not null,
  minute bigint not null,
  requests bigint default 0 not null,
  tokens bigint default 0 not null,
  constraint rate_windows_pkey PRIMARY KEY (grant_id, minute)
) with (fillfactor=50);
CREATE INDEX rate_windows_minute ON public.rate_windows USING btree (minute);

create table refresh_tokens (
  id text not null,
  token_hash bytea not null,
  family text not null,
  consent_id text not null,
  client text not null,
  bound_to text,
  issued_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint refresh_tokens_pkey PRIMARY KEY (id),
  constraint refresh_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX refresh_tokens_expires ON public.refresh_tokens USING btree (expires_at);
CREATE INDEX refresh_tokens_family ON public.refresh_tokens USING btree (family);

create table reservations (
  call_id text not null,
  at timestamp with time zone not null,
  node_id text not null,
  amount_nano bigint not null,
  held_budgets text[] not null,
  held_starts timestamp with time zone[] not null,
  grant_id text not null,
  rate_minute bigint,
  rate_tokens bigint,
  expires_at timestamp with time zone not null,
  constraint reservations_pkey PRIMARY KEY (call_id),
  constraint reservations_amount_nano_check CHECK ((amount_nano >= 0))
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000);
CREATE INDEX reservations_expires ON public.reservations USING btree (expires_at);

create table resource_credentials (
  resource_id text not null,
  environment text not null,
  credential_id text not null,
  constraint resource_credentials_pkey PRIMARY KEY (resource_id, environment)
);
CREATE INDEX resource_credentials_credential ON public.resource_credentials USING btree (credential_id);

create table resources (
  id text not null,
  name text not null,
  kind text not null,
  upstream text not null,
  provider text,
  injection jsonb not null,
  allow_private boolean default false not null,
  limits jsonb default '{}'::jsonb not null,
  description text,
  search tsvector generated always as (to_tsvector('simple'::regconfig, ((((name || ' '::text) || COALESCE(provider, ''::text)) || ' '::text) || COALESCE(description, ''::text)))) stored not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint resources_pkey PRIMARY KEY (id),
  constraint resources_name_key UNIQUE (name),
  constraint resources_kind_check CHECK ((kind = ANY (ARRAY['llm'::text, 'mcp'::text, 'http'::text, 'git'::text, 'database'::text, 'cloud'::text])))
);
CREATE INDEX resources_page ON public.resources USING btree (created_at DESC, id DESC);
CREATE INDEX resources_search ON public.resources USING gin (search);

create table role_bindings (
  id text not null,
  user_id text not null,
  role text not null,
  team text,
  environment text,
  source text,
  constraint role_bindings_pkey PRIMARY KEY (id),
  constraint role_bindings_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'operator'::text, 'auditor'::text, 'viewer'::text])))
);
CREATE INDEX role_bindings_source ON public.role_bindings USING btree (source) WHERE (source IS NOT NULL);
CREATE INDEX role_bindings_team ON public.role_bindings USING btree (team) WHERE (team IS NOT NULL);
CREATE INDEX role_bindings_user ON public.role_bindings USING btree (user_id);

create table second_opinions (
  id text not null,
  action text not null,
  summary text not null,
  details jsonb not null,
  digest bytea not null,
  asked_by text not null,
  asked_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  decided_by text,
  decided_at timestamp with time zone,
  approved boolean,
  reason text,
  used_at timestamp with time zone,
  constraint second_opinions_pkey PRIMARY KEY (id)
);
CREATE INDEX second_opinions_page ON public.second_opinions USING btree (asked_at DESC, id DESC);

create table sessions (
  id text not null,
  token_hash bytea not null,
  user_id text not null,
  method text not null,
  ip text,
  user_agent text,
  created_at timestamp with time zone default now() not null,
  authenticated_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  provider_id text,
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_token_hash_key UNIQUE (token_hash),
  constraint sessions_method_check CHECK ((method = ANY (ARRAY['link'::text, 'password'::text, 'passkey'::text, 'oidc'::text])))
);
CREATE INDEX sessions_expires ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_page ON public.sessions USING btree (created_at DESC, id DESC);
CREATE INDEX sessions_provider ON public.sessions USING btree (provider_id) WHERE ((provider_id IS NOT NULL) AND (ended_at IS NULL));
CREATE INDEX sessions_user ON public.sessions USING btree (user_id, created_at DESC);

create table settings (
  key text not null,
  value jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint settings_pkey PRIMARY KEY (key)
);

create table sightings (
  id text not null,
  detection_id text not null,
  place bytea not null,
  source text not null,
  origin text,
  path text not null,
  line integer not null,
  commit text,
  author text,
  email text,
  what text,
  seen_at timestamp with time zone,
  reported_by text not null,
  first_reported_at timestamp with time zone default now() not null,
  last_reported_at timestamp with time zone default now() not null,
  search tsvector generated always as (to_tsvector('simple'::regconfig, regexp_replace(path, '[^[:alnum:]]+'::text, ' '::text, 'g'::text))) stored not null,
  constraint sightings_pkey PRIMARY KEY (id),
  constraint sightings_detection_id_place_key UNIQUE (detection_id, place),
  constraint sightings_place_check CHECK ((octet_length(place) = 32)),
  constraint sightings_source_check CHECK ((source = ANY (ARRAY['file'::text, 'git'::text, 'staged'::text, 'image'::text, 'log'::text, 'stdin'::text, 'environment'::text, 'process'::text])))
);
CREATE INDEX sightings_by_detection ON public.sightings USING btree (detection_id, last_reported_at DESC, id DESC);
CREATE INDEX sightings_by_reporter ON public.sightings USING btree (reported_by, detection_id);
CREATE INDEX sightings_by_source ON public.sightings USING btree (source, detection_id);
CREATE INDEX sightings_search ON public.sightings USING gin (search);

create table sign_in_links (
  token_hash bytea not null,
  user_id text not null,
  purpose text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint sign_in_links_pkey PRIMARY KEY (token_hash),
  constraint sign_in_links_purpose_check CHECK ((purpose = ANY (ARRAY['first_start'::text, 'invite'::text])))
);

create table signing_keys (
  kid text not null,
  alg text not null,
  state text not null,
  public_jwk jsonb not null,
  ciphertext bytea not null,
  nonce bytea not null,
  wrapped_key bytea not null,
  encryption_key text not null,
  created_at timestamp with time zone default now() not null,
  activated_at timestamp with time zone,
  published_until timestamp with time zone,
  constraint signing_keys_pkey PRIMARY KEY (kid),
  constraint signing_keys_alg_check CHECK ((alg = ANY (ARRAY['ES256'::text, 'RS256'::text]))),
  constraint signing_keys_state_check CHECK ((state = ANY (ARRAY['next'::text, 'current'::text, 'previous'::text, 'retired'::text])))
);
CREATE UNIQUE INDEX signing_keys_one_current ON public.signing_keys USING btree (alg) WHERE (state = 'current'::text);

create table tenants (
  id text not null,
  name text not null,
  external_id text not null,
  state text default 'active'::text not null,
  revoked_at timestamp with time zone,
  revoked_reason text,
  search tsvector generated always as (to_tsvector('simple'::regconfig, ((name || ' '::text) || external_id))) stored not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenants_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE UNIQUE INDEX tenants_external ON public.tenants USING btree (external_id);
CREATE UNIQUE INDEX tenants_name ON public.tenants USING btree (lower(name));
CREATE INDEX tenants_page ON public.tenants USING btree (created_at DESC, id DESC);
CREATE INDEX tenants_search ON public.tenants USING gin (search);

create table tokens (
  id text not null,
  grant_id text not null,
  workload_id text not null,
  resource_id text not null,
  tenant_id text,
  identity_id text,
  parent text,
  method text not null,
  minted_by text,
  bound_to text,
  issued_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  user_id text,
  actor_id text,
  client text,
  consent_id text,
  family text,
  depth integer default 0 not null,
  scope jsonb,
  binding text,
  assurance text default 'shared_secret'::text not null,
  constraint tokens_pkey PRIMARY KEY (id),
  constraint tokens_assurance_check CHECK ((assurance = ANY (ARRAY['shared_secret'::text, 'federated'::text, 'key_bound'::text, 'attested'::text]))),
  constraint tokens_binding_check CHECK ((binding = ANY (ARRAY['dpop'::text, 'mtls'::text])))
);
CREATE INDEX tokens_by_actor ON public.tokens USING btree (actor_id, issued_at DESC, id DESC) WHERE (actor_id IS NOT NULL);
CREATE INDEX tokens_by_consent ON public.tokens USING btree (consent_id) WHERE (consent_id IS NOT NULL);
CREATE INDEX tokens_by_family ON public.tokens USING btree (family) WHERE (family IS NOT NULL);
CREATE INDEX tokens_by_grant ON public.tokens USING btree (grant_id, issued_at DESC, id DESC);
CREATE INDEX tokens_by_identity ON public.tokens USING btree (identity_id) WHERE (identity_id IS NOT NULL);
CREATE INDEX tokens_by_minter ON public.tokens USING btree (minted_by, issued_at DESC) WHERE (minted_by IS NOT NULL);
CREATE INDEX tokens_by_parent ON public.tokens USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX tokens_by_user ON public.tokens USING btree (user_id, issued_at DESC, id DESC) WHERE (user_id IS NOT NULL);
CREATE INDEX tokens_by_workload ON public.tokens USING btree (workload_id, issued_at DESC, id DESC);
CREATE INDEX tokens_expires ON public.tokens USING btree (expires_at);
CREATE INDEX tokens_page ON public.tokens USING btree (issued_at DESC, id DESC);

create table usage_events (
  at timestamp with time zone not null,
  call_id text not null,
  attempt integer default 1 not null,
  node_id text not null,
  workload_id text not null,
  grant_id text not null,
  token_id text,
  resource_id text not null,
  credential_id text not null,
  version_id text,
  tenant_id text,
  team text,
  environment text not null,
  operation text not null,
  model text,
  outcome text not null,
  status integer,
  streamed boolean default false not null,
  input_tokens bigint,
  cached_input_tokens bigint,
  cache_write_tokens bigint,
  output_tokens bigint,
  cost_nano bigint,
  estimated boolean default false not null,
  latency_ms real,
  first_byte_ms real,
  overhead_ms real,
  constraint usage_events_pkey PRIMARY KEY (at, call_id, attempt)
) partition by RANGE (at);
CREATE INDEX usage_events_grant ON public.usage_events USING btree (grant_id, at DESC);
CREATE INDEX usage_events_workload ON public.usage_events USING btree (workload_id, at DESC);

create table user_links (
  provider_id text not null,
  subject text not null,
  user_id text not null,
  created_at timestamp with time zone default now() not null,
  last_used_at timestamp with time zone,
  constraint user_links_pkey PRIMARY KEY (provider_id, subject)
);
CREATE INDEX user_links_user ON public.user_links USING btree (user_id);

create table users (
  id text not null,
  name text not null,
  email text,
  state text default 'active'::text not null,
  owner text,
  built_in boolean default false not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  last_sign_in_at timestamp with time zone,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);
CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email)) WHERE (email IS NOT NULL);
CREATE INDEX users_page ON public.users USING btree (created_at DESC, id DESC);

create table workload_identities (
  id text not null,
  workload_id text not null,
  method text not null,
  name text,
  public_jwk jsonb,
  thumbprint text,
  secret_hash bytea,
  hint text,
  params jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  issuer_id text,
  constraint workload_identities_pkey PRIMARY KEY (id)
);
CREATE INDEX workload_identities_issuer ON public.workload_identities USING btree (issuer_id, id) WHERE ((issuer_id IS NOT NULL) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX workload_identities_thumbprint ON public.workload_identities USING btree (thumbprint) WHERE ((thumbprint IS NOT NULL) AND (revoked_at IS NULL));
CREATE INDEX workload_identities_workload ON public.workload_identities USING btree (workload_id);

create table workloads (
  id text not null,
  name text not null,
  type text not null,
  owner text not null,
  backup_owner text,
  environment text not null,
  description text,
  state text default 'active'::text not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_reason text,
  search tsvector generated always as (to_tsvector('simple'::regconfig, ((name || ' '::text) || COALESCE(description, ''::text)))) stored not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  constraint workloads_pkey PRIMARY KEY (id),
  constraint workloads_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text]))),
  constraint workloads_type_check CHECK ((type = ANY (ARRAY['agent'::text, 'pipeline'::text, 'ci'::text, 'service'::text, 'model'::text])))
);
CREATE INDEX workloads_by_backup ON public.workloads USING btree (backup_owner) WHERE (backup_owner IS NOT NULL);
CREATE INDEX workloads_by_environment ON public.workloads USING btree (environment, created_at DESC, id DESC);
CREATE INDEX workloads_by_owner ON public.workloads USING btree (owner, created_at DESC, id DESC);
CREATE INDEX workloads_live_by_owner ON public.workloads USING btree (owner) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX workloads_name ON public.workloads USING btree (environment, lower(name)) WHERE (state = 'active'::text);
CREATE INDEX workloads_page ON public.workloads USING btree (created_at DESC, id DESC);
CREATE INDEX workloads_search ON public.workloads USING gin (search);

CREATE OR REPLACE FUNCTION public.abandon_calls(calls text[])
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  gone reservations[];
begin
  with mine as (
    select call_id from reservations where call_id = any(calls) order by call_id for update
  ), removed as (
    delete from reservations r using mine where r.call_id = mine.call_id returning r.*
  )
  select array_agg(r::reservations order by r.call_id) into gone from removed r;
  if gone is not null then
    perform release_holds(gone, array_fill(0::bigint, array[cardinality(gone)]), array_fill(0::bigint, array[cardinality(gone)]));
  end if;
  insert into usage_events (at, call_id, node_id, workload_id, grant_id, token_id, resource_id, credential_id, version_id, tenant_id, team,
    environment, operation, model, outcome, cost_nano, estimated)
  select a.at, a.call_id, a.node_id, coalesce(a.workload_id, ''), coalesce(a.grant_id, ''), a.token_id, coalesce(a.resource_id, ''),
    coalesce(a.credential_id, ''), a.version_id, a.tenant_id, a.team, coalesce(a.environment, ''), coalesce(a.operation, ''), a.model, 'lost', 0, false
  from audit_entries a
  where a.call_id = any(calls) and a.at > clock_timestamp() - interval '1 hour' and a.action = 'gateway.call' and a.decision = 'allowed'
  on conflict do nothing;
  return coalesce(cardinality(gone), 0);
end $function$;

CREATE OR REPLACE FUNCTION public.admit_calls(node text, grants text[], workloads text[], rpms bigint[], tpms bigint[], asked_calls bigint[], asked_tokens bigint[], asked_amounts bigint[], calls text[], call_grants integer[], amounts bigint[], why_none text[], tokens bigint[], seconds integer[], behalves text[], token_ids text[], credentials text[], versions text[], resource_ids text[], tenant_ids text[], teams text[], environment_names text[], models text[], operations text[], effects text[], correlations text[], reasons text[], facts text[], persons text[], ips text[], agents text[])
 RETURNS json
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  moment timestamptz := date_trunc('milliseconds', clock_timestamp());
  this_minute bigint := floor(extract(epoch from moment) / 60);
  -- What is left of the running minute counts of the minute before.
  share numeric := 1 - (extract(epoch from moment) - this_minute * 60) / 60;
  codes text[] := array_fill(null::text, array[cardinality(calls)]);
  refused json[] := '{}';
  held text := '';
  -- Which grant (`hold_grants[k]`) holds which budget's window (`hold_windows[k]`), sorted by grant; and the windows, each once.
  hold_grants integer[];
  hold_windows integer[] := '{}';
  hold_budgets text[];
  hold_levels text[];
  hold_starts timestamptz[];
  hold_ends timestamptz[];
  window_budgets text[] := '{}';
  window_starts timestamptz[] := '{}';
  window_ends timestamptz[] := '{}';
  window_levels text[] := '{}';
  -- Of each window: what is left of it when it holds what the whole batch asked for, what this is, and what it comes to in the end.
  available bigint[];
  asked bigint[] := '{}';
  taken bigint[];
  -- By grant: the slice of holds.
  first_hold integer[] := array_fill(null::integer, array[cardinality(grants)]);
  last_hold integer[] := first_hold;
  -- By grant: what the minute counts, this batch included, and what of this batch is counted in the end.
  rated boolean := false;
  before_requests bigint[];
  now_requests bigint[];
  before_tokens bigint[];
  now_tokens bigint[];
  take_requests bigint[];
  take_tokens bigint[];
  crowded boolean := false;
  blocking integer;
  g integer;
  w integer;
  code text;
  detail text;
  retry integer;
begin
  if exists (select from budgets) then
    select array_agg(h.n), array_agg(h.id), array_agg(h.level), array_agg(h.start), array_agg(h.ends)
    into hold_grants, hold_budgets, hold_levels, hold_starts, hold_ends
    from (
      select p.n::integer as n, b.id, b.level, window_start(b.time_window, moment) as start, window_end(b.time_window, moment) as ends
      from unnest(grants, workloads) with ordinality as p(grant_id, workload, n)
      left join public.workloads wl on wl.id = p.workload
      left join owners o on o.id = wl.owner
      cross join lateral (
        select id, level, time_window from budgets where level = 'org'
        union all select id, level, time_window from budgets
          where level = 'team' and subject = case when o.kind = 'team' then o.id else o.team end
        union all select id, level, time_window from budgets where level = 'workload' and subject = p.workload
        union all select id, level, time_window from budgets where level = 'grant' and subject = p.grant_id
      ) b
      order by p.n, b.id
    ) h;
  end if;

  if hold_budgets is not null then
    for k in 1 .. cardinality(hold_budgets) loop
      g := hold_grants[k];
      w := array_position(window_budgets, hold_budgets[k]);
      if w is null then
        window_budgets := window_budgets || hold_budgets[k];
        window_starts := window_starts || hold_starts[k];
        window_ends := window_ends || hold_ends[k];
        window_levels := window_levels || hold_levels[k];
        asked := asked || 0::bigint;
        w := cardinality(window_budgets);
      end if;
      hold_windows := hold_windows || w;
      first_hold[g] := coalesce(first_hold[g], k);
      last_hold[g] := k;
      asked[w] := asked[w] + coalesce(asked_amounts[g], 0);
      crowded := crowded or asked_amounts[g] is null;
    end loop;
    -- All of it is taken first, in one statement that makes, locks (in order) and reads the windows, and what does not fit is given back below:
    -- nobody else sees it before this transaction ends. A budget that was deleted meanwhile bounds nothing.
    with held as (
      insert into budget_windows as e (budget_id, window_start, reserved_nano)
      select h.id, h.start, h.amount from unnest(window_budgets, window_starts, asked) as h(id, start, amount) order by h.id
      on conflict (budget_id, window_start) do update set reserved_nano = e.reserved_nano + excluded.reserved_nano
      returning e.budget_id, e.spent_nano + e.reserved_nano as amount
    )
    select array_agg(coalesce(b.limit_nano - h.amount, 9223372036854775807) order by t.n) into available
    from unnest(window_budgets) with ordinality as t(id, n) left join held h on h.budget_id = t.id left join budgets b on b.id = t.id;
    crowded := crowded or 0 > any(available);
  end if;

  for k in 1 .. cardinality(grants) loop
    rated := rated or rpms[k] is not null or tpms[k] is not null;
    held := held || case when first_hold[k] is not null then 'b' when tpms[k] is not null then 't' else 'a' end;
  end loop;
  if rated then
    with counted as (
      insert into rate_windows as e (grant_id, minute, requests, tokens)
      select p.grant_id, this_minute, p.requests, p.tokens
      from unnest(grants, rpms, tpms, asked_calls, asked_tokens) as p(grant_id, rpm, tpm, requests, tokens)
      where p.rpm is not null or p.tpm is not null
      order by p.grant_id
      on conflict (grant_id, minute) do update set requests = e.requests + excluded.requests, tokens = e.tokens + excluded.tokens
      returning e.grant_id, e.requests, e.tokens
    )
    select array_agg(coalesce(b.requests, 0) order by p.n), array_agg(coalesce(c.requests, 0) order by p.n),
      array_agg(coalesce(b.tokens, 0) order by p.n), array_agg(coalesce(c.tokens, 0) order by p.n)
    into before_requests, now_requests, before_tokens, now_tokens
    from unnest(grants) with ordinality as p(grant_id, n)
    left join counted c on c.grant_id = p.grant_id
    left join rate_windows b on b.grant_id = p.grant_id and b.minute = this_minute - 1;
    for k in 1 .. cardinality(grants) loop
      crowded := crowded
        or coalesce(now_requests[k] + ceil(before_requests[k] * share) > rpms[k], false)
        or coalesce(now_tokens[k] + ceil(before_tokens[k] * share) > tpms[k], false);
    end loop;
  end if;

  if crowded then
    -- Back to what there was before the batch, and call by call.
    take_requests := array_fill(0::bigint, array[cardinality(grants)]);
    take_tokens := take_requests;
    taken := array_fill(0::bigint, array[cardinality(window_budgets)]);
    for k in 1 .. cardinality(window_budgets) loop
      available[k] := available[k] + case when available[k] = 9223372036854775807 then 0 else asked[k] end;
    end loop;
    if rated then
      for k in 1 .. cardinality(grants) loop
        if rpms[k] is not null or tpms[k] is not null then
          now_requests[k] := now_requests[k] - asked_calls[k];
          now_tokens[k] := now_tokens[k] - asked_tokens[k];
        end if;
      end loop;
    end if;
    for n in 1 .. cardinality(calls) loop
      g := call_grants[n];
      code := null;
      detail := null;
      retry := null;
      if first_hold[g] is not null then
        if amounts[n] is null then
          code := coalesce(why_none[n], 'price_unknown');
        else
          blocking := null;
          for k in first_hold[g] .. last_hold[g] loop
            w := hold_windows[k];
            -- Of several that are too small, the one that ends last says when to try again.
            if available[w] - taken[w] < amounts[n]
              and (blocking is null or coalesce(window_ends[w], 'infinity') > coalesce(window_ends[blocking], 'infinity')) then
              blocking := w;
            end if;
          end loop;
          if blocking is not null then
            code := 'budget_exceeded';
            detail := window_budgets[blocking] || ' ' || window_levels[blocking];
            retry := ceil(extract(epoch from window_ends[blocking] - moment));
          end if;
        end if;
      end if;
      if code is null and rpms[g] is not null and 1 + now_requests[g] + take_requests[g] + ceil(before_requests[g] * share) > rpms[g] then
        code := 'rate_limited';
        retry := minute_wait(before_requests[g], now_requests[g] + take_requests[g], 1, rpms[g], share);
      end if;
      if code is null and tpms[g] is not null and tokens[n] + now_tokens[g] + take_tokens[g] + ceil(before_tokens[g] * share) > tpms[g] then
        code := 'tokens_rate_limited';
        retry := minute_wait(before_tokens[g], now_tokens[g] + take_tokens[g], tokens[n], tpms[g], share);
      end if;
      if code is not null then
        codes[n] := code;
        refused := refused || json_build_array(n, code, retry, detail);
        continue;
      end if;
      take_requests[g] := take_requests[g] + 1;
      take_tokens[g] := take_tokens[g] + coalesce(tokens[n], 0);
      if first_hold[g] is not null then
        for k in first_hold[g] .. last_hold[g] loop
          w := hold_windows[k];
          taken[w] := taken[w] + amounts[n];
        end loop;
      end if;
    end loop;
    update budget_windows e set reserved_nano = e.reserved_nano - t.amount
    from unnest(window_budgets, window_starts, asked, taken) as h(id, start, asked, taken), lateral (select h.asked - h.taken as amount) t
    where e.budget_id = h.id and e.window_start = h.start and t.amount <> 0;
    if rated then
      update rate_windows e set requests = e.requests - t.requests, tokens = e.tokens - t.tokens
      from unnest(grants, rpms, tpms, asked_calls, asked_tokens, take_requests, take_tokens)
        as p(grant_id, rpm, tpm, asked_calls, asked_tokens, calls, tokens),
        lateral (select p.asked_calls - p.calls as requests, p.asked_tokens - p.tokens as tokens) t
      where e.grant_id = p.grant_id and e.minute = this_minute and (p.rpm is not null or p.tpm is not null) and t.requests > 0;
    end if;
  end if;

  if hold_budgets is not null or rated then
    insert into reservations (call_id, at, node_id, amount_nano, held_budgets, held_starts, grant_id, rate_minute, rate_tokens, expires_at)
    select c.call_id, moment, node, case when h.budgets is null then 0 else c.amount end, coalesce(h.budgets, '{}'), coalesce(h.starts, '{}'),
      grants[c.grant_n], case when tpms[c.grant_n] is not null then this_minute end, case when tpms[c.grant_n] is not null then c.tokens end,
      moment + c.seconds * interval '1 second'
    from unnest(calls, call_grants, amounts, tokens, seconds, codes) as c(call_id, grant_n, amount, tokens, seconds, code)
    left join (
      select h.grant_n, array_agg(window_budgets[h.window_n]) as budgets, array_agg(window_starts[h.window_n]) as starts
      from unnest(hold_grants, hold_windows) as h(grant_n, window_n) group by h.grant_n
    ) h on h.grant_n = c.grant_n
    where c.code is null and (h.budgets is not null or tpms[c.grant_n] is not null);
  end if;

  with entry as materialized (
    select nextval('audit_seq') as seq, e.*
    from unnest(calls, call_grants, codes, behalves, token_ids, credentials, versions, resource_ids, tenant_ids, teams, environment_names, models,
      operations, effects, correlations, reasons, facts, persons, ips, agents)
      as e(call, grant_n, code, behalf, token, credential, version, resource, tenant, team, environment, model, operation, effect, correlation, reason, facts,
        person, ip, agent)
  ), personal as (
    insert into audit_personal (seq, at, user_id, ip, user_agent)
    select e.seq, moment, e.person, e.ip, e.agent from entry e where e.person is not null or e.ip is not null or e.agent is not null
  )
  insert into audit_entries (at, seq, id, node_id, action, decision, code, actor_kind, actor_id, on_behalf_of, workload_id, token_id, grant_id,
    credential_id, version_id, resource_id, tenant_id, team, environment, model, operation, effect, call_id, correlation_id, reason, details)
  -- A call has one admission: its entry takes the call's id.
  select moment, e.seq, 'aud_' || substr(e.call, strpos(e.call, '_') + 1), node, 'gateway.call', case when e.code is null then 'allowed' else 'refused' end,
    e.code, 'workload', workloads[e.grant_n], e.behalf, workloads[e.grant_n], e.token, grants[e.grant_n], e.credential, e.version, e.resource,
    e.tenant, e.team, e.environment, e.model, e.operation, e.effect, e.call, e.correlation, e.reason, coalesce(e.facts::jsonb, '{}')
  from entry e;

  return json_build_object('at', floor(extract(epoch from moment) * 1000), 'refused', refused, 'held', held);
end $function$;

CREATE OR REPLACE FUNCTION public.credentials_with_words(words text, rows_max integer)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
AS $function$ select id from credentials where search @@ to_tsquery('simple', words) limit rows_max $function$;

CREATE OR REPLACE FUNCTION public.ensure_partitions(days_ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  parent text;
  day date;
  made integer := 0;
  name text;
begin
  perform pg_advisory_xact_lock(7411, 1);
  foreach parent in array array['usage_events', 'audit_entries'] loop
    for offset_days in -1 .. days_ahead loop
      day := (now() at time zone 'utc')::date + offset_days;
      name := parent || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(name) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $function$;

CREATE OR REPLACE FUNCTION public.mint_tokens(node text, ids text[], grants_of text[], workloads_of text[], resources_of text[], tenants_of text[], identities_of text[], parents text[], methods text[], minters text[], bound text[], bindings text[], users_of text[], actors text[], clients text[], consents_of text[], families text[], depths integer[], scopes text[], assurances text[], issued timestamp with time zone[], ends timestamp with time zone[], entries text[], actor_kinds text[], actor_ids text[], teams text[], environments text[], correlations text[], facts text[], persons text[], ips text[], agents text[])
 RETURNS text[]
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
declare
  moment timestamptz := date_trunc('milliseconds', clock_timestamp());
  codes text[];
begin
  if users_of is not null or minters is not null then
    perform 1 from users where id = any(users_of || minters) order by id for share;
  end if;
  perform 1 from workloads where id = any(workloads_of || actors) order by id for share;
  perform 1 from grants where id = any(grants_of) order by id for share;
  -- The parent's identity, too: whoever revokes that ends what was exchanged from its tokens, and must not miss this one.
  perform 1 from workload_identities
    where id = any(identities_of || case when parents is null then null else array(select identity_id from tokens where id = any(parents)) end)
    order by id for share;
  if consents_of is not null then perform 1 from consents where id = any(consents_of) order by id for share; end if;
  if parents is not null then perform 1 from tokens where id = any(parents) order by id for share; end if;
  with asked as materialized (
    select a.*,
      case
        when g.state is distinct from 'active' or g.expires_at <= now() then 'grant_ended'
        when w.state is distinct from 'active' then 'workload_revoked'
        when a.actor_id is not null and actor.state is distinct from 'active' then 'workload_revoked'
        when a.actor_id is not null and not a.actor_id = any(g.delegates) then 'not_a_delegate'
        when a.identity_id is not null and (i.id is null or i.revoked_at is not null or i.expires_at <= now()) then 'identity_ended'
        when a.identity_id is not null and s.state = 'revoked' then 'identity_ended'
        when a.parent is not null and (p.id is null or p.revoked_at is not null or p.expires_at <= now()) then 'parent_ended'
        when p.identity_id is not null and (pi.id is null or pi.revoked_at is not null) then 'parent_ended'
        when a.user_id is not null and u.state is distinct from 'active' then 'user_ended'
        when a.minted_by is not null and minter.state is distinct from 'active' then 'user_ended'
        when a.consent_id is not null and (c.id is null or c.revoked_at is not null or c.expires_at <= now()) then 'consent_ended'
      end as code
    from unnest(ids, grants_of, workloads_of, resources_of, tenants_of, identities_of, parents, methods, minters, bound, bindings, users_of, actors,
        clients, consents_of, families, depths, scopes, assurances, issued, ends, entries, actor_kinds, actor_ids, teams, environments,
        correlations, facts, persons, ips, agents) with ordinality
      as a (id, grant_id, workload_id, resource_id, tenant_id, identity_id, parent, method, minted_by, bound_to, binding, user_id, actor_id,
        client, consent_id, family, depth, scope, assurance, issued_at, expires_at, entry, actor_kind, acting, team, environment,
        correlation, details, person, ip, agent, n)
    left join grants g on g.id = a.grant_id
    left join workloads w on w.id = a.workload_id
    left join workloads actor on actor.id = a.actor_id
    left join workload_identities i on i.id = a.identity_id
    left join issuers s on s.id = i.issuer_id
    left join tokens p on p.id = a.parent
    left join workload_identities pi on pi.id = p.identity_id
    left join users u on u.id = a.user_id
    left join users minter on minter.id = a.minted_by
    left join consents c on c.id = a.consent_id
  ), minted as (
    insert into tokens (id, grant_id, workload_id, resource_id, tenant_id, identity_id, parent, method, minted_by, bound_to, binding, user_id,
      actor_id, client, consent_id, family, depth, scope, assurance, issued_at, expires_at)
    select id, grant_id, workload_id, resource_id, tenant_id, identity_id, parent, method, minted_by, bound_to, binding, user_id,
      actor_id, client, consent_id, family, coalesce(depth, 0), scope::jsonb, assurance, issued_at, expires_at
    from asked where code is null
  ), entry as materialized (
    select nextval('audit_seq') as seq, a.* from asked a where code is null
  ), personal as (
    insert into audit_personal (seq, at, user_id, ip, user_agent)
    select seq, moment, person, ip, agent from entry where person is not null or ip is not null or agent is not null
  ), recorded as (
    insert into audit_entries (at, seq, id, node_id, action, decision, actor_kind, actor_id, on_behalf_of, workload_id, token_id, grant_id,
      resource_id, tenant_id, team, environment, correlation_id, details)
    select moment, seq, entry, node, case when parent is null then 'token.mint' else 'token.exchange' end, 'done', actor_kind, acting, user_id,
      workload_id, id, grant_id, resource_id, tenant_id, team, environment, correlation, coalesce(details::jsonb, '{}')
    from entry
  )
  select array_agg(code order by n) into codes from asked;
  return codes;
end $function$;

CREATE OR REPLACE FUNCTION public.minute_wait(before bigint, current bigint, asked bigint, bound bigint, share numeric)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case
    when asked > bound then null
    when current + asked <= bound and before > 0 then greatest(1, ceil((share - (bound - current - asked)::numeric / before) * 60))::integer
    else greatest(1, ceil((share + 1 - case when current > 0 then least(1, (bound - asked)::numeric / current) else 1 end) * 60))::integer
  end
$function$;

CREATE OR REPLACE FUNCTION public.record_audit(node text, entries json)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
AS $function$
declare
  moment timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  with entry as materialized (
    select nextval('audit_seq') as seq, e.*
    from json_to_recordset(entries) as e(
      id text, action text, decision text, code text, actor_kind text, actor text, behalf text, workload text, token text, grant_id text,
      credential text, version text, resource text, tenant text, team text, environment text, target_kind text, target text, model text,
      operation text, effect text, call text, correlation text, reason text, details jsonb, person text, ip text, agent text)
  ), personal as (
    insert into audit_personal (seq, at, user_id, ip, user_agent)
    select seq, moment, person, ip, agent from entry where person is not null or ip is not null or agent is not null
  )
  insert into audit_entries (at, seq, id, node_id, action, decision, code, actor_kind, actor_id, on_behalf_of, workload_id, token_id, grant_id,
    credential_id, version_id, resource_id, tenant_id, team, environment, target_kind, target_id, model, operation, effect, call_id,
    correlation_id, reason, details)
  select moment, seq, id, node, action, decision, code, actor_kind, actor, behalf, workload, token, grant_id, credential, version, resource,
    tenant, team, environment, target_kind, target, model, operation, effect, call, correlation, reason, coalesce(details, '{}')
  from entry;
  return moment;
end $function$;

CREATE OR REPLACE FUNCTION public.record_change(kind text, subject text, op text, reason text, node text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  number bigint;
begin
  update change_counter set seq = seq + 1 returning seq into number;
  insert into changes (seq, kind, subject, op, reason, node) values (number, kind, subject, op, reason, node);
  perform pg_notify('keyward_changes', number::text);
  return number;
end $function$;

CREATE OR REPLACE FUNCTION public.release_holds(gone reservations[], costs bigint[], used_tokens bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  -- An insert, because it locks in its order; the rows are there. Reserved windows can't be deleted.
  insert into budget_windows as e (budget_id, window_start, reserved_nano, spent_nano)
  select h.id, h.start, sum(r.amount_nano)::bigint, sum(coalesce(c.cost, r.amount_nano))::bigint
  from unnest(gone) with ordinality as r
  join unnest(costs) with ordinality as c(cost, n) on c.n = r.ordinality
  cross join lateral unnest(r.held_budgets, r.held_starts) as h(id, start)
  group by h.id, h.start order by h.id, h.start
  on conflict (budget_id, window_start) do update
    set reserved_nano = e.reserved_nano - excluded.reserved_nano, spent_nano = e.spent_nano + excluded.spent_nano;
  -- A minute that was swept meanwhile comes back once more, counts for nothing and is swept again.
  insert into rate_windows as e (grant_id, minute, tokens)
  select r.grant_id, r.rate_minute, sum(t.used - r.rate_tokens)::bigint
  from unnest(gone) with ordinality as r
  join unnest(used_tokens) with ordinality as t(used, n) on t.n = r.ordinality
  where r.rate_minute is not null and t.used is not null
  group by r.grant_id, r.rate_minute order by r.grant_id, r.rate_minute
  on conflict (grant_id, minute) do update set tokens = greatest(0, e.tokens + excluded.tokens);
end $function$;

CREATE OR REPLACE FUNCTION public.settle_calls(node text, calls text[], costs bigint[], used_tokens bigint[], held boolean[], admitted_ms double precision[], attempts integer[], workload_ids text[], grant_ids text[], token_ids text[], resource_ids text[], credentials text[], versions text[], tenant_ids text[], teams text[], environment_names text[], operations text[], models text[], outcomes text[], statuses integer[], streamed boolean[], inputs bigint[], cached bigint[], cache_writes bigint[], outputs bigint[], guessed boolean[], latencies real[], first_bytes real[], overheads real[])
 RETURNS json
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  gone reservations[];
  gone_costs bigint[];
  gone_tokens bigint[];
  over json;
  written integer;
begin
  with removed as (
    delete from reservations r where r.call_id = any(calls) returning r.*
  )
  select array_agg(r::reservations), array_agg(o.cost), array_agg(o.used),
    json_agg(json_build_array(r.call_id, o.cost::text, r.amount_nano::text)) filter (where o.cost > r.amount_nano and cardinality(r.held_budgets) > 0)
  into gone, gone_costs, gone_tokens, over
  from removed r join unnest(calls, costs, used_tokens) as o(call_id, cost, used) on o.call_id = r.call_id;
  insert into usage_events (at, call_id, attempt, node_id, workload_id, grant_id, token_id, resource_id, credential_id, version_id, tenant_id,
    team, environment, operation, model, outcome, status, streamed, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
    cost_nano, estimated, latency_ms, first_byte_ms, overhead_ms)
  select coalesce(r.at, to_timestamp(e.at / 1000)), e.call, coalesce(e.attempt, 1), node, e.workload, e.grant_id, e.token, e.resource, e.credential,
    e.version, e.tenant, e.team, e.environment, e.operation, e.model, e.outcome, e.status, coalesce(e.streamed, false), e.input, e.cached,
    e.cache_write, e.output, coalesce(e.cost, case when cardinality(r.held_budgets) > 0 then r.amount_nano end),
    coalesce(e.guessed, false) or (e.cost is null and coalesce(cardinality(r.held_budgets) > 0, false)), e.latency, e.first_byte, e.overhead
  from unnest(calls, costs, held, admitted_ms, attempts, workload_ids, grant_ids, token_ids, resource_ids, credentials, versions, tenant_ids, teams,
    environment_names, operations, models, outcomes, statuses, streamed, inputs, cached, cache_writes, outputs, guessed, latencies, first_bytes,
    overheads)
    as e(call, cost, held, at, attempt, workload, grant_id, token, resource, credential, version, tenant, team, environment, operation, model,
      outcome, status, streamed, input, cached, cache_write, output, guessed, latency, first_byte, overhead)
  left join unnest(gone) as r on r.call_id = e.call
  where r.call_id is not null or (not e.held and e.at is not null)
  on conflict do nothing;
  get diagnostics written = row_count;
  -- Last, because admissions wait for these locks until this is on disk.
  if gone is not null then
    perform release_holds(gone, gone_costs, gone_tokens);
  end if;
  return json_build_object('settled', written, 'over', coalesce(over, '[]'));
end $function$;

CREATE OR REPLACE FUNCTION public.sweep_intents(since timestamp with time zone, until timestamp with time zone, of_node text)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  written integer;
begin
  insert into usage_events (at, call_id, node_id, workload_id, grant_id, token_id, resource_id, credential_id, version_id, tenant_id, team,
    environment, operation, model, outcome, cost_nano, estimated)
  select a.at, a.call_id, a.node_id, coalesce(a.workload_id, ''), coalesce(a.grant_id, ''), a.token_id, coalesce(a.resource_id, ''),
    coalesce(a.credential_id, ''), a.version_id, a.tenant_id, a.team, coalesce(a.environment, ''), coalesce(a.operation, ''), a.model, 'lost', null, true
  from audit_entries a
  where a.at >= since and a.at < until and a.action = 'gateway.call' and a.decision = 'allowed' and a.call_id is not null
    and (of_node is null or a.node_id = of_node)
    and not exists (select from usage_events u where u.at = a.at and u.call_id = a.call_id)
    and not exists (select from reservations r where r.call_id = a.call_id)
  on conflict do nothing;
  get diagnostics written = row_count;
  return written;
end $function$;

CREATE OR REPLACE FUNCTION public.sweep_reservations(node text, node_home text, dead_after interval, most integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  gone reservations[];
  dead text[] := array(
    select n.id from nodes n
    where n.id <> node and n.swept_at is null
      and (n.stopped_at is not null or n.heard_at < clock_timestamp() - dead_after or (n.home is not null and n.home = node_home))
  );
  overdue text[];
begin
  -- The usual second finds nothing and reads one page of an index.
  overdue := array(select r.call_id from reservations r where r.expires_at <= clock_timestamp() order by r.expires_at limit most);
  if cardinality(dead) > 0 then
    overdue := overdue || array(select r.call_id from reservations r where r.node_id = any(dead) limit most);
  end if;
  if cardinality(overdue) = 0 then
    return 0;
  end if;
  with found as (
    select r.call_id from reservations r where r.call_id = any(overdue) order by r.call_id for update skip locked
  ), removed as (
    delete from reservations r using found where r.call_id = found.call_id returning r.*
  )
  select array_agg(r::reservations order by r.call_id) into gone from removed r;
  if gone is null then
    return 0;
  end if;
  perform release_holds(gone, array_fill(null::bigint, array[cardinality(gone)]), array_fill(null::bigint, array[cardinality(gone)]));
  perform write_lost(gone);
  return cardinality(gone);
end $function$;

CREATE OR REPLACE FUNCTION public.window_end(time_window text, at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  select case time_window
    when 'total' then null
    else (date_trunc(time_window, at, 'UTC') at time zone 'UTC' + ('1 ' || time_window)::interval) at time zone 'UTC'
  end
$function$;

CREATE OR REPLACE FUNCTION public.window_start(time_window text, at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  select case time_window
    when 'total' then timestamptz '2000-01-01 00:00:00+00'
    else date_trunc(time_window, at, 'UTC')
  end
$function$;

CREATE OR REPLACE FUNCTION public.write_lost(gone reservations[])
 RETURNS void
 LANGUAGE sql
AS $function$
  insert into usage_events (at, call_id, node_id, workload_id, grant_id, token_id, resource_id, credential_id, version_id, tenant_id, team,
    environment, operation, model, outcome, cost_nano, estimated)
  select r.at, r.call_id, r.node_id, coalesce(a.workload_id, ''), r.grant_id, a.token_id, coalesce(a.resource_id, ''), coalesce(a.credential_id, ''),
    a.version_id, a.tenant_id, a.team, coalesce(a.environment, ''), coalesce(a.operation, ''), a.model, 'lost',
    case when cardinality(r.held_budgets) > 0 then r.amount_nano end, true
  from unnest(gone) as r
  left join audit_entries a on a.at = r.at and a.call_id = r.call_id and a.action = 'gateway.call'
  on conflict do nothing
$function$;

alter table api_tokens add constraint api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table authorization_codes add constraint authorization_codes_consent_id_fkey FOREIGN KEY (consent_id) REFERENCES consents(id) ON DELETE CASCADE;
alter table authorization_codes add constraint authorization_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table consents add constraint consents_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE;
alter table consents add constraint consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table credential_versions add constraint credential_versions_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id) ON DELETE CASCADE;
alter table credential_versions add constraint credential_versions_encryption_key_fkey FOREIGN KEY (encryption_key) REFERENCES encryption_keys(id);
alter table credentials add constraint credentials_backup_owner_fkey FOREIGN KEY (backup_owner) REFERENCES owners(id);
alter table credentials add constraint credentials_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table credentials add constraint credentials_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
alter table detections add constraint detections_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id) ON DELETE SET NULL;
alter table detections add constraint detections_version_id_fkey FOREIGN KEY (version_id) REFERENCES credential_versions(id) ON DELETE SET NULL;
alter table device_logins add constraint device_logins_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES users(id);
alter table grants add constraint grants_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id);
alter table grants add constraint grants_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id);
alter table grants add constraint grants_workload_id_fkey FOREIGN KEY (workload_id) REFERENCES workloads(id);
alter table oauth_clients add constraint oauth_clients_workload_id_fkey FOREIGN KEY (workload_id) REFERENCES workloads(id) ON DELETE CASCADE;
alter table owners add constraint owners_backup_fkey FOREIGN KEY (backup) REFERENCES owners(id);
alter table owners add constraint owners_team_fkey FOREIGN KEY (team) REFERENCES owners(id);
alter table passkeys add constraint passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table passwords add constraint passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table provider_logins add constraint provider_logins_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity_providers(id) ON DELETE CASCADE;
alter table refresh_tokens add constraint refresh_tokens_consent_id_fkey FOREIGN KEY (consent_id) REFERENCES consents(id) ON DELETE CASCADE;
alter table resource_credentials add constraint resource_credentials_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id);
alter table resource_credentials add constraint resource_credentials_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE;
alter table role_bindings add constraint role_bindings_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table role_bindings add constraint role_bindings_source_fkey FOREIGN KEY (source) REFERENCES identity_providers(id) ON DELETE CASCADE;
alter table role_bindings add constraint role_bindings_team_fkey FOREIGN KEY (team) REFERENCES owners(id);
alter table role_bindings add constraint role_bindings_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table second_opinions add constraint second_opinions_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES users(id);
alter table second_opinions add constraint second_opinions_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES users(id);
alter table sessions add constraint sessions_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity_providers(id) ON DELETE SET NULL;
alter table sessions add constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table sightings add constraint sightings_detection_id_fkey FOREIGN KEY (detection_id) REFERENCES detections(id) ON DELETE CASCADE;
alter table sign_in_links add constraint sign_in_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table signing_keys add constraint signing_keys_encryption_key_fkey FOREIGN KEY (encryption_key) REFERENCES encryption_keys(id);
alter table tokens add constraint tokens_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE;
alter table user_links add constraint user_links_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity_providers(id) ON DELETE CASCADE;
alter table user_links add constraint user_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table users add constraint users_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
alter table workload_identities add constraint workload_identities_issuer_id_fkey FOREIGN KEY (issuer_id) REFERENCES issuers(id);
alter table workload_identities add constraint workload_identities_workload_id_fkey FOREIGN KEY (workload_id) REFERENCES workloads(id) ON DELETE CASCADE;
alter table workloads add constraint workloads_backup_owner_fkey FOREIGN KEY (backup_owner) REFERENCES owners(id);
alter table workloads add constraint workloads_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table workloads add constraint workloads_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
