-- The first schema. Ids are text with a prefix (contract/ids.ts); money is bigint nano-dollars; every list orders by (created_at, id).

create table installation (
  singleton boolean primary key default true check (singleton),
  id text not null check (id like 'ins\_%'),
  organisation text not null,
  -- Sealed under the key-encryption key: the key of fingerprints (HMAC), without which a stolen database can't be searched for a known secret.
  fingerprint_key jsonb not null,
  created_at timestamptz not null default now()
);

-- Key-encryption keys that have wrapped something here: ids and addresses only, never key material.
create table encryption_keys (
  id text primary key,
  uri text not null,
  state text not null check (state in ('current', 'previous', 'retired')),
  created_at timestamptz not null default now()
);
create unique index encryption_keys_one_current on encryption_keys (state) where state = 'current';

-- Ordered feed of everything that a node may have cached (promise 5). The counter row is locked by the writing transaction, so numbers
-- become visible in order; NOTIFY on channel keyward_changes is only a hint to poll sooner.
create table change_counter (
  singleton boolean primary key default true check (singleton),
  seq bigint not null default 0
);
insert into change_counter default values;

create table changes (
  seq bigint primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null check (kind in ('credential', 'token', 'grant', 'workload', 'tenant', 'resource', 'budget', 'price', 'signing_key', 'identity', 'user', 'owner', 'environment')),
  subject text not null,
  op text not null check (op in ('changed', 'revoked')),
  reason text,
  node text
);
create index changes_at on changes (at);

-- One row a start of a process: `id` is new each time, `home` names the data folder that a start has locked for itself alone, so that an
-- earlier row with the same home is known to be dead.
create table nodes (
  id text primary key,
  home text,
  host text not null,
  pid integer not null,
  roles text[] not null,
  version text not null,
  started_at timestamptz not null default clock_timestamp(),
  heard_at timestamptz not null default clock_timestamp(),
  heard_seq bigint not null default 0,
  last_effect_ms double precision,
  max_effect_ms double precision,
  -- Set by whoever finds it gone and has settled what it left open.
  swept_at timestamptz,
  stopped_at timestamptz
);

create table environments (
  name text primary key,
  description text,
  created_at timestamptz not null default now()
);
insert into environments (name, description) values
  ('development', 'Where people try things'),
  ('staging', 'Where releases are rehearsed'),
  ('production', 'Where it counts');

create table owners (
  id text primary key,
  kind text not null check (kind in ('person', 'team')),
  name text not null,
  contact text not null,
  backup text references owners,
  team text references owners check (team is null or kind = 'person'),
  search tsvector not null generated always as (to_tsvector('simple', name || ' ' || contact)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index owners_name on owners (kind, lower(name));
create index owners_page on owners (created_at desc, id desc);
create index owners_team on owners (team) where team is not null;
create index owners_backup on owners (backup) where backup is not null;
create index owners_search on owners using gin (search);

create table tenants (
  id text primary key,
  name text not null,
  external_id text not null,
  state text not null default 'active' check (state in ('active', 'revoked')),
  revoked_at timestamptz,
  revoked_reason text,
  search tsvector not null generated always as (to_tsvector('simple', name || ' ' || external_id)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index tenants_name on tenants (lower(name));
create unique index tenants_external on tenants (external_id);
create index tenants_page on tenants (created_at desc, id desc);
create index tenants_search on tenants using gin (search);

-- People who sign in.
create table users (
  id text primary key,
  name text not null,
  email text,
  state text not null default 'active' check (state in ('active', 'disabled')),
  owner text references owners,
  -- The built-in administrator of local logins and the first sign-in.
  built_in boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_sign_in_at timestamptz
);
create unique index users_email on users (lower(email)) where email is not null;
create index users_page on users (created_at desc, id desc);

create table role_bindings (
  id text primary key,
  user_id text not null references users on delete cascade,
  role text not null check (role in ('admin', 'operator', 'auditor', 'viewer')),
  team text references owners,
  environment text references environments
);
create index role_bindings_user on role_bindings (user_id);
create index role_bindings_team on role_bindings (team) where team is not null;

create table passwords (
  user_id text primary key references users on delete cascade,
  hash text not null,
  updated_at timestamptz not null default now()
);

create table passkeys (
  id text primary key,
  user_id text not null references users on delete cascade,
  webauthn_id text not null unique,
  public_key bytea not null,
  sign_count bigint not null,
  transports text[] not null default '{}',
  name text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index passkeys_user on passkeys (user_id);

-- Challenges of ceremonies that are under way (WebAuthn, local login), single use.
create table challenges (
  id text primary key,
  kind text not null,
  user_id text,
  challenge text not null,
  expires_at timestamptz not null
);
create index challenges_expires on challenges (expires_at);

create table sign_in_links (
  token_hash bytea primary key,
  user_id text not null references users on delete cascade,
  purpose text not null check (purpose in ('first_start', 'invite')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table sessions (
  id text primary key,
  token_hash bytea not null unique,
  user_id text not null references users on delete cascade,
  method text not null check (method in ('link', 'password', 'passkey')),
  ip text,
  user_agent text,
  created_at timestamptz not null default now(),
  authenticated_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index sessions_user on sessions (user_id, created_at desc);
create index sessions_page on sessions (created_at desc, id desc);
create index sessions_expires on sessions (expires_at);

create table api_tokens (
  id text primary key,
  token_hash bytea not null unique,
  user_id text not null references users on delete cascade,
  kind text not null default 'personal' check (kind in ('personal', 'local')),
  name text not null,
  hint text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_tokens_user on api_tokens (user_id, created_at desc, id desc);

-- Brute-force counters by what is attacked (account) and who attacks (address), hashed.
create table attempt_counters (
  key bytea primary key,
  failures integer not null,
  window_ends_at timestamptz not null
);
create index attempt_counters_window on attempt_counters (window_ends_at);

create table credentials (
  id text primary key,
  name text not null,
  kind text not null check (kind in ('api_key', 'oauth_token', 'workload_identity', 'certificate', 'short_lived_token')),
  provider text not null,
  purpose text not null check (purpose in ('model', 'data', 'tool', 'training', 'billing', 'deploy')),
  authority text[] not null check (authority <@ array['consume', 'modify', 'spend'] and cardinality(authority) > 0),
  environment text not null references environments,
  owner text not null references owners,
  backup_owner text references owners,
  description text,
  allowed_origins text[] not null default '{}',
  labels jsonb not null default '{}',
  state text not null default 'active' check (state in ('active', 'revoked')),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text,
  search tsvector not null generated always as (
    to_tsvector('simple', name || ' ' || provider || ' ' || coalesce(description, '')) || jsonb_to_tsvector('simple', labels, '["string"]')
  ) stored,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index credentials_name on credentials (environment, lower(name)) where state = 'active';
create index credentials_page on credentials (created_at desc, id desc);
create index credentials_by_environment on credentials (environment, created_at desc, id desc);
create index credentials_by_owner on credentials (owner, created_at desc, id desc);
create index credentials_by_backup on credentials (backup_owner) where backup_owner is not null;
create index credentials_by_provider on credentials (provider, created_at desc, id desc);
create index credentials_by_purpose on credentials (purpose, created_at desc, id desc);
create index credentials_by_kind on credentials (kind, created_at desc, id desc);
create index credentials_by_state on credentials (state, created_at desc, id desc);
create index credentials_search on credentials using gin (search);

-- One secret value. `sealed` is the envelope: ciphertext, nonce, tag, the wrapped data key and the id of the key that wraps it.
create table credential_versions (
  id text primary key,
  credential_id text not null references credentials on delete cascade,
  number integer not null,
  state text not null check (state in ('pending', 'current', 'previous', 'disabled', 'retired', 'revoked')),
  ciphertext bytea,
  nonce bytea,
  wrapped_key bytea,
  encryption_key text references encryption_keys,
  fingerprint bytea not null,
  hint text not null,
  provider_key_id text,
  created_at timestamptz not null default now(),
  activated_at timestamptz,
  ended_at timestamptz,
  unique (credential_id, number),
  -- A revoked or retired version may lose its ciphertext; a usable one never.
  check (ciphertext is not null or state in ('retired', 'revoked'))
);
create unique index credential_versions_one_current on credential_versions (credential_id) where state = 'current';
create index credential_versions_fingerprint on credential_versions (fingerprint);
create index credential_versions_key on credential_versions (encryption_key, id) where ciphertext is not null;

create table workloads (
  id text primary key,
  name text not null,
  type text not null check (type in ('agent', 'pipeline', 'ci', 'service', 'model')),
  owner text not null references owners,
  backup_owner text references owners,
  environment text not null references environments,
  description text,
  state text not null default 'active' check (state in ('active', 'revoked')),
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text,
  search tsvector not null generated always as (to_tsvector('simple', name || ' ' || coalesce(description, ''))) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index workloads_name on workloads (environment, lower(name)) where state = 'active';
create index workloads_page on workloads (created_at desc, id desc);
create index workloads_by_environment on workloads (environment, created_at desc, id desc);
create index workloads_by_owner on workloads (owner, created_at desc, id desc);
create index workloads_by_backup on workloads (backup_owner) where backup_owner is not null;
create index workloads_search on workloads using gin (search);

create table workload_identities (
  id text primary key,
  workload_id text not null references workloads on delete cascade,
  method text not null,
  name text,
  -- private_key_jwt
  public_jwk jsonb,
  thumbprint text,
  -- client_secret_basic: SHA-256 of a 256-bit random secret
  secret_hash bytea,
  hint text,
  -- What later methods (OIDC, SPIFFE, mTLS) need to know.
  params jsonb not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index workload_identities_workload on workload_identities (workload_id);
create unique index workload_identities_thumbprint on workload_identities (thumbprint) where thumbprint is not null and revoked_at is null;

create table resources (
  id text primary key,
  name text not null unique,
  kind text not null check (kind in ('llm', 'mcp', 'http', 'git', 'database', 'cloud')),
  upstream text not null,
  provider text,
  injection jsonb not null,
  allow_private boolean not null default false,
  limits jsonb not null default '{}',
  description text,
  search tsvector not null generated always as (to_tsvector('simple', name || ' ' || coalesce(provider, '') || ' ' || coalesce(description, ''))) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create index resources_page on resources (created_at desc, id desc);
create index resources_search on resources using gin (search);

-- Which credential a resource uses: one for every environment ('*'), or one an environment.
create table resource_credentials (
  resource_id text not null references resources on delete cascade,
  environment text not null,
  credential_id text not null references credentials,
  primary key (resource_id, environment)
);
create index resource_credentials_credential on resource_credentials (credential_id);

create table grants (
  id text primary key,
  workload_id text not null references workloads,
  resource_id text not null references resources,
  tenant_id text references tenants,
  scope jsonb not null,
  limits jsonb not null default '{}',
  ttl_seconds integer not null,
  expires_at timestamptz,
  require_dpop boolean not null default false,
  streams_outlive_token boolean not null default false,
  reason text,
  state text not null default 'active' check (state in ('active', 'revoked')),
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create index grants_page on grants (created_at desc, id desc);
create index grants_by_workload on grants (workload_id, created_at desc, id desc);
create index grants_by_resource on grants (resource_id, created_at desc, id desc);
create index grants_by_tenant on grants (tenant_id, created_at desc, id desc) where tenant_id is not null;

-- Records of tokens; the strings are never stored. `parent` and descendants end together.
create table tokens (
  id text primary key,
  grant_id text not null references grants on delete cascade,
  workload_id text not null,
  resource_id text not null,
  tenant_id text,
  identity_id text,
  parent text,
  method text not null,
  minted_by text,
  bound_to text,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index tokens_page on tokens (issued_at desc, id desc);
create index tokens_by_grant on tokens (grant_id, issued_at desc, id desc);
create index tokens_by_workload on tokens (workload_id, issued_at desc, id desc);
create index tokens_by_parent on tokens (parent) where parent is not null;
create index tokens_by_identity on tokens (identity_id) where identity_id is not null;
create index tokens_expires on tokens (expires_at);

-- Keys that sign access tokens; the private half is sealed like a credential's secret.
create table signing_keys (
  kid text primary key,
  alg text not null check (alg in ('ES256', 'RS256')),
  state text not null check (state in ('next', 'current', 'previous', 'retired')),
  public_jwk jsonb not null,
  ciphertext bytea not null,
  nonce bytea not null,
  wrapped_key bytea not null,
  encryption_key text not null references encryption_keys,
  created_at timestamptz not null default now(),
  activated_at timestamptz,
  -- Published in the JWKS until then, so that tokens it signed can be verified to their end.
  published_until timestamptz
);
create unique index signing_keys_one_current on signing_keys (alg) where state = 'current';

-- Client assertions seen (RFC 7523, section 3: jti), until they would be refused as expired anyway.
create table assertion_replays (
  digest bytea primary key,
  expires_at timestamptz not null
);
create index assertion_replays_expires on assertion_replays (expires_at);

create table budgets (
  id text primary key,
  level text not null check (level in ('org', 'team', 'workload', 'grant')),
  -- The installation's, owner's, workload's or grant's id.
  subject text not null,
  limit_nano bigint not null check (limit_nano >= 0),
  time_window text not null check (time_window in ('total', 'hour', 'day', 'month')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1,
  unique (level, subject, time_window)
);
create index budgets_page on budgets (created_at desc, id desc);

-- No foreign key: a call that is admitted while its budget is deleted must not fail; the sweep removes what no budget has.
create table budget_windows (
  budget_id text not null,
  window_start timestamptz not null,
  spent_nano bigint not null default 0 check (spent_nano >= 0),
  reserved_nano bigint not null default 0 check (reserved_nano >= 0),
  primary key (budget_id, window_start)
) with (fillfactor = 50);

-- What running calls hold: a row exists from admission to its one settle. The windows that it holds `amount_nano` of are the pairs of
-- `held_budgets` and `held_starts`; what the usage event of a lost call has to say is in its audit entry (same `at` and call).
create table reservations (
  call_id text primary key,
  at timestamptz not null,
  node_id text not null,
  amount_nano bigint not null check (amount_nano >= 0),
  held_budgets text[] not null,
  held_starts timestamptz[] not null,
  -- Where its tokens were counted at their worst case: the settle corrects that.
  grant_id text not null,
  rate_minute bigint,
  rate_tokens bigint,
  expires_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index reservations_expires on reservations (expires_at);

-- Requests and tokens a minute, counted over all nodes: two neighbouring minutes make a sliding window. Swept after some minutes.
create table rate_windows (
  grant_id text not null,
  minute bigint not null,
  requests bigint not null default 0,
  tokens bigint not null default 0,
  primary key (grant_id, minute)
) with (fillfactor = 50);
create index rate_windows_minute on rate_windows (minute);

create table prices (
  id text primary key,
  provider text not null,
  model text not null,
  input_nano_per_million bigint not null,
  output_nano_per_million bigint not null,
  cached_input_nano_per_million bigint,
  cache_write_nano_per_million bigint,
  request_nano bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1,
  unique (provider, model)
);

-- One row a settled attempt. `at` is the time of admission, as in the call's audit entry: it makes a second settle of one call find the
-- first by the primary key. Daily partitions.
create table usage_events (
  at timestamptz not null,
  call_id text not null,
  attempt integer not null default 1,
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
  streamed boolean not null default false,
  input_tokens bigint,
  cached_input_tokens bigint,
  cache_write_tokens bigint,
  output_tokens bigint,
  cost_nano bigint,
  estimated boolean not null default false,
  latency_ms real,
  first_byte_ms real,
  overhead_ms real,
  primary key (at, call_id, attempt)
) partition by range (at);
create index usage_events_grant on usage_events (grant_id, at desc);
create index usage_events_workload on usage_events (workload_id, at desc);

create sequence audit_seq;

-- One row a decision or act, append-only, daily partitions, never content and never a secret. Personal data lives in audit_personal.
-- `seq` is unique and nearly ordered by time; a later Merkle log sequences entries by it, and hashes a canonical form of the row.
create table audit_entries (
  at timestamptz not null,
  seq bigint not null default nextval('audit_seq'),
  id text not null,
  node_id text not null,
  action text not null,
  decision text not null check (decision in ('allowed', 'refused', 'done', 'failed')),
  code text,
  actor_kind text not null check (actor_kind in ('user', 'workload', 'system', 'anonymous')),
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
  effect text check (effect in ('consume', 'modify', 'spend')),
  call_id text,
  correlation_id text,
  reason text,
  details jsonb not null default '{}',
  primary key (at, seq)
) partition by range (at);
create index audit_entries_call on audit_entries (call_id) where call_id is not null;
create index audit_entries_grant on audit_entries (grant_id, at desc) where grant_id is not null;
create index audit_entries_workload on audit_entries (workload_id, at desc) where workload_id is not null;
-- A workload that acts is in workload_id: its calls, which are nearly all entries, need no second index.
create index audit_entries_actor on audit_entries (actor_id, at desc) where actor_kind <> 'workload';
create index audit_entries_target on audit_entries (target_id, at desc) where target_id is not null;

-- What of an entry is personal: erasable without touching the log.
create table audit_personal (
  seq bigint primary key,
  at timestamptz not null,
  user_id text,
  ip text,
  user_agent text
);
create index audit_personal_user on audit_personal (user_id) where user_id is not null;
create index audit_personal_at on audit_personal using brin (at);

create table idempotency_keys (
  actor text not null,
  key text not null,
  route text not null,
  request_digest bytea not null,
  -- Null while the first request runs, or where the answer held a secret that is shown once.
  status integer,
  answer jsonb,
  etag text,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

create table settings (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

-- Makes the daily partitions from yesterday to `days_ahead` days from today. Idempotent, safe to run at once from several nodes.
create function ensure_partitions(days_ahead integer) returns integer language plpgsql as $$
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
end $$;

-- Next number of the change feed, and the change under it. Locks the counter row until the transaction ends: call it last.
create function record_change(kind text, subject text, op text, reason text, node text) returns bigint language plpgsql as $$
declare
  number bigint;
begin
  update change_counter set seq = seq + 1 returning seq into number;
  insert into changes (seq, kind, subject, op, reason, node) values (number, kind, subject, op, reason, node);
  perform pg_notify('keyward_changes', number::text);
  return number;
end $$;

-- The start of the budget window that `at` lies in (UTC).
create function window_start(time_window text, at timestamptz) returns timestamptz language sql stable as $$
  select case time_window
    when 'total' then timestamptz '2000-01-01 00:00:00+00'
    else date_trunc(time_window, at, 'UTC')
  end
$$;
