-- The schema that the migrations make. Written by `npm run golden`; do not edit.
-- Daily partitions are not part of it.

set check_function_bodies = off;

create sequence audit_seq as bigint increment 1 minvalue 1 maxvalue 9223372036854775807 start 1 cache 1;

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
  constraint api_tokens_kind_check CHECK ((kind = ANY (ARRAY['personal'::text, 'local'::text])))
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
CREATE INDEX audit_entries_actor ON ONLY public.audit_entries USING btree (actor_id, at DESC) WHERE (actor_kind <> 'workload'::text);
CREATE INDEX audit_entries_call ON ONLY public.audit_entries USING btree (call_id) WHERE (call_id IS NOT NULL);
CREATE INDEX audit_entries_grant ON ONLY public.audit_entries USING btree (grant_id, at DESC) WHERE (grant_id IS NOT NULL);
CREATE INDEX audit_entries_target ON ONLY public.audit_entries USING btree (target_id, at DESC) WHERE (target_id IS NOT NULL);
CREATE INDEX audit_entries_workload ON ONLY public.audit_entries USING btree (workload_id, at DESC) WHERE (workload_id IS NOT NULL);

create table audit_personal (
  seq bigint not null,
  at timestamp with time zone not null,
  user_id text,
  ip text,
  user_agent text,
  constraint audit_personal_pkey PRIMARY KEY (seq)
);
CREATE INDEX audit_personal_at ON public.audit_personal USING btree (at);
CREATE INDEX audit_personal_user ON public.audit_personal USING btree (user_id);

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
  constraint changes_kind_check CHECK ((kind = ANY (ARRAY['credential'::text, 'token'::text, 'grant'::text, 'workload'::text, 'tenant'::text, 'resource'::text, 'budget'::text, 'price'::text, 'signing_key'::text, 'identity'::text, 'user'::text, 'owner'::text, 'environment'::text]))),
  constraint changes_op_check CHECK ((op = ANY (ARRAY['changed'::text, 'revoked'::text])))
);
CREATE INDEX changes_at ON public.changes USING btree (at);

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
CREATE UNIQUE INDEX credentials_name ON public.credentials USING btree (environment, lower(name)) WHERE (state = 'active'::text);
CREATE INDEX credentials_page ON public.credentials USING btree (created_at DESC, id DESC);
CREATE INDEX credentials_search ON public.credentials USING gin (search);

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
  constraint grants_pkey PRIMARY KEY (id),
  constraint grants_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);
CREATE INDEX grants_by_resource ON public.grants USING btree (resource_id, created_at DESC, id DESC);
CREATE INDEX grants_by_tenant ON public.grants USING btree (tenant_id, created_at DESC, id DESC) WHERE (tenant_id IS NOT NULL);
CREATE INDEX grants_by_workload ON public.grants USING btree (workload_id, created_at DESC, id DESC);
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

create table rate_windows (
  grant_id text not null,
  minute bigint not null,
  requests bigint default 0 not null,
  tokens bigint default 0 not null,
  constraint rate_windows_pkey PRIMARY KEY (grant_id, minute)
) with (fillfactor=50);
CREATE INDEX rate_windows_minute ON public.rate_windows USING btree (minute);

create table reservations (
  call_id text not null,
  at timestamp with time zone not null,
  node_id text not null,
  amount_nano bigint not null,
  holds jsonb not null,
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
  constraint role_bindings_pkey PRIMARY KEY (id),
  constraint role_bindings_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'operator'::text, 'auditor'::text, 'viewer'::text])))
);
CREATE INDEX role_bindings_team ON public.role_bindings USING btree (team) WHERE (team IS NOT NULL);
CREATE INDEX role_bindings_user ON public.role_bindings USING btree (user_id);

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
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_token_hash_key UNIQUE (token_hash),
  constraint sessions_method_check CHECK ((method = ANY (ARRAY['link'::text, 'password'::text, 'passkey'::text])))
);
CREATE INDEX sessions_expires ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_page ON public.sessions USING btree (created_at DESC, id DESC);
CREATE INDEX sessions_user ON public.sessions USING btree (user_id, created_at DESC);

create table settings (
  key text not null,
  value jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint settings_pkey PRIMARY KEY (key)
);

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
  constraint tokens_pkey PRIMARY KEY (id)
);
CREATE INDEX tokens_by_grant ON public.tokens USING btree (grant_id, issued_at DESC, id DESC);
CREATE INDEX tokens_by_identity ON public.tokens USING btree (identity_id) WHERE (identity_id IS NOT NULL);
CREATE INDEX tokens_by_parent ON public.tokens USING btree (parent) WHERE (parent IS NOT NULL);
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
CREATE INDEX usage_events_grant ON ONLY public.usage_events USING btree (grant_id, at DESC);
CREATE INDEX usage_events_workload ON ONLY public.usage_events USING btree (workload_id, at DESC);

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
  constraint workload_identities_pkey PRIMARY KEY (id)
);
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
CREATE UNIQUE INDEX workloads_name ON public.workloads USING btree (environment, lower(name)) WHERE (state = 'active'::text);
CREATE INDEX workloads_page ON public.workloads USING btree (created_at DESC, id DESC);
CREATE INDEX workloads_search ON public.workloads USING gin (search);

alter table api_tokens add constraint api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table credential_versions add constraint credential_versions_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id) ON DELETE CASCADE;
alter table credential_versions add constraint credential_versions_encryption_key_fkey FOREIGN KEY (encryption_key) REFERENCES encryption_keys(id);
alter table credentials add constraint credentials_backup_owner_fkey FOREIGN KEY (backup_owner) REFERENCES owners(id);
alter table credentials add constraint credentials_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table credentials add constraint credentials_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
alter table grants add constraint grants_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id);
alter table grants add constraint grants_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id);
alter table grants add constraint grants_workload_id_fkey FOREIGN KEY (workload_id) REFERENCES workloads(id);
alter table owners add constraint owners_backup_fkey FOREIGN KEY (backup) REFERENCES owners(id);
alter table owners add constraint owners_team_fkey FOREIGN KEY (team) REFERENCES owners(id);
alter table passkeys add constraint passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table passwords add constraint passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table resource_credentials add constraint resource_credentials_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credentials(id);
alter table resource_credentials add constraint resource_credentials_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE;
alter table role_bindings add constraint role_bindings_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table role_bindings add constraint role_bindings_team_fkey FOREIGN KEY (team) REFERENCES owners(id);
alter table role_bindings add constraint role_bindings_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table sessions add constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table sign_in_links add constraint sign_in_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table signing_keys add constraint signing_keys_encryption_key_fkey FOREIGN KEY (encryption_key) REFERENCES encryption_keys(id);
alter table tokens add constraint tokens_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE;
alter table users add constraint users_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
alter table workload_identities add constraint workload_identities_workload_id_fkey FOREIGN KEY (workload_id) REFERENCES workloads(id) ON DELETE CASCADE;
alter table workloads add constraint workloads_backup_owner_fkey FOREIGN KEY (backup_owner) REFERENCES owners(id);
alter table workloads add constraint workloads_environment_fkey FOREIGN KEY (environment) REFERENCES environments(name);
alter table workloads add constraint workloads_owner_fkey FOREIGN KEY (owner) REFERENCES owners(id);
