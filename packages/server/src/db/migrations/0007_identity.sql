-- Who may vouch for workloads: an OIDC issuer, a SPIFFE trust domain, a certificate authority. `issuer` is what its tokens say of it:
-- the `iss` of OIDC, the trust domain of SPIFFE, a name of ours for an authority. `keys_from` says where its keys come from.
create table issuers (
  id text primary key,
  name text not null,
  kind text not null check (kind in ('oidc', 'spiffe', 'x509')),
  issuer text not null,
  preset text not null check (preset in ('github', 'gitlab', 'kubernetes', 'google', 'entra', 'generic')),
  keys_from jsonb not null,
  allow_private boolean not null default false,
  attests boolean not null default false,
  ca text,
  description text,
  state text not null default 'active' check (state in ('active', 'revoked')),
  revoked_at timestamptz,
  revoked_reason text,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index issuers_issuer on issuers (kind, issuer) where state = 'active';
create unique index issuers_name on issuers (lower(name)) where state = 'active';
create index issuers_page on issuers (created_at desc, id desc);

-- `params` holds what the method pins: audiences, claims, a subject, the grants that the identity may use.
alter table workload_identities add column issuer_id text references issuers;
create index workload_identities_issuer on workload_identities (issuer_id, id) where issuer_id is not null and revoked_at is null;

alter table grants add column require_mtls boolean not null default false;
alter table grants add column minimum_assurance text check (minimum_assurance in ('shared_secret', 'federated', 'key_bound', 'attested'));
-- Workloads that may act under tokens of this grant (RFC 8693), besides its own.
alter table grants add column delegates text[] not null default '{}';
create index grants_delegates on grants using gin (delegates) where delegates <> '{}';

-- `user_id`: the person on whose behalf. `actor_id`: the workload that holds it, where it is not the grant's. `scope`: narrower than the
-- grant's, or null. `family`: the tokens of one authorization code and its refresh tokens.
alter table tokens add column user_id text;
alter table tokens add column actor_id text;
alter table tokens add column client text;
alter table tokens add column consent_id text;
alter table tokens add column family text;
alter table tokens add column depth integer not null default 0;
alter table tokens add column scope jsonb;
alter table tokens add column binding text check (binding in ('dpop', 'mtls'));
alter table tokens add column assurance text not null default 'shared_secret' check (assurance in ('shared_secret', 'federated', 'key_bound', 'attested'));
update tokens set binding = 'dpop' where bound_to is not null;
create index tokens_by_user on tokens (user_id, issued_at desc, id desc) where user_id is not null;
create index tokens_by_actor on tokens (actor_id, issued_at desc, id desc) where actor_id is not null;
create index tokens_by_minter on tokens (minted_by, issued_at desc) where minted_by is not null;
create index tokens_by_consent on tokens (consent_id) where consent_id is not null;

-- Clients of people's agents that were registered by hand; others bring a client ID metadata document. With `workload_id` the client is that
-- workload: its id is the client_id, and it authenticates by its usual identities.
create table oauth_clients (
  id text primary key,
  name text not null,
  workload_id text references workloads on delete cascade,
  redirect_uris text[] not null,
  state text not null default 'active' check (state in ('active', 'revoked')),
  revoked_at timestamptz,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index oauth_clients_name on oauth_clients (lower(name)) where state = 'active';
create unique index oauth_clients_workload on oauth_clients (workload_id) where state = 'active';
create index oauth_clients_page on oauth_clients (created_at desc, id desc);

-- A person's yes: this client may act for me under this grant. `client` is an address (CIMD) or the id of a registered client.
create table consents (
  id text primary key,
  user_id text not null references users,
  client text not null,
  client_name text not null,
  grant_id text not null references grants on delete cascade,
  scope jsonb,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text
);
create index consents_page on consents (created_at desc, id desc);
create index consents_by_user on consents (user_id, created_at desc, id desc);
create index consents_by_grant on consents (grant_id);
create index consents_by_client on consents (client) where revoked_at is null;

-- `family` names the tokens that come of it, so that a code or refresh token that comes twice ends them all. Without a consent the code is
-- one of `keyward login`: `api_token_id` is what it became.
create table authorization_codes (
  code_hash bytea primary key,
  family text not null,
  user_id text not null references users,
  consent_id text references consents on delete cascade,
  api_token_id text,
  client text not null,
  redirect_uri text not null,
  code_challenge text not null,
  bound_to text,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index authorization_codes_expires on authorization_codes (expires_at);
-- A challenge belongs to one request (RFC 7636, section 4.1), so one person answers one request once.
create unique index authorization_codes_request on authorization_codes (user_id, client, code_challenge);

create table refresh_tokens (
  id text primary key,
  token_hash bytea not null unique,
  family text not null,
  consent_id text not null references consents on delete cascade,
  client text not null,
  bound_to text,
  issued_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index refresh_tokens_family on refresh_tokens (family);
create index refresh_tokens_expires on refresh_tokens (expires_at);
create index tokens_by_family on tokens (family) where family is not null;

-- RFC 8628, for `keyward login` on a machine without a browser. What it ends in is an API token of the person who approves.
create table device_logins (
  device_hash bytea primary key,
  user_code_hash bytea not null unique,
  machine text not null,
  ip text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  polled_at timestamptz,
  decided_at timestamptz,
  decided_by text references users,
  approved boolean,
  used_at timestamptz
);
create index device_logins_expires on device_logins (expires_at);

-- Where people come from: an OIDC provider, with its groups mapped to roles. The client secret is sealed like a credential's.
create table identity_providers (
  id text primary key,
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
  allow_private boolean not null default false,
  state text not null default 'active' check (state in ('active', 'disabled')),
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  revision integer not null default 1
);
create unique index identity_providers_name on identity_providers (lower(name));
create unique index identity_providers_issuer on identity_providers (issuer, client_id);
create index identity_providers_page on identity_providers (created_at desc, id desc);
create index identity_providers_key on identity_providers (encryption_key, id) where ciphertext is not null;

-- One person at one provider, by the provider's own id of them: an address can change hands.
create table user_links (
  provider_id text not null references identity_providers on delete cascade,
  subject text not null,
  user_id text not null references users,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  primary key (provider_id, subject)
);
create index user_links_user on user_links (user_id);

-- The way to the provider and back: state, nonce and PKCE verifier, tied to the browser that left by a cookie.
create table provider_logins (
  state_hash bytea primary key,
  provider_id text not null references identity_providers on delete cascade,
  browser_hash bytea not null,
  nonce text not null,
  code_verifier text not null,
  return_to text,
  -- Who connects the provider to their account, where it is no sign-in.
  user_id text,
  -- The provider was told to ask for the password again: its answer has to say when it did.
  again boolean not null default false,
  expires_at timestamptz not null
);
create index provider_logins_expires on provider_logins (expires_at);

-- `source`: null where an admin gave the role; the provider whose groups did otherwise.
alter table role_bindings add column source text references identity_providers on delete cascade;
alter table sessions drop constraint sessions_method_check;
alter table sessions add constraint sessions_method_check check (method in ('link', 'password', 'passkey', 'oidc'));
alter table sessions add column provider_id text references identity_providers on delete set null;
create index sessions_provider on sessions (provider_id) where provider_id is not null and ended_at is null;
create index role_bindings_source on role_bindings (source) where source is not null;
alter table api_tokens drop constraint api_tokens_kind_check;
alter table api_tokens add constraint api_tokens_kind_check check (kind in ('personal', 'local', 'login'));

-- A second admin's yes to a dangerous act: to this very request (its digest), once, for some minutes.
-- `details` is what the other admin reads: `[{name, value}]`, without secrets.
create table second_opinions (
  id text primary key,
  action text not null,
  summary text not null,
  details jsonb not null,
  digest bytea not null,
  asked_by text not null references users,
  asked_at timestamptz not null default now(),
  expires_at timestamptz not null,
  decided_by text references users,
  decided_at timestamptz,
  approved boolean,
  reason text,
  used_at timestamptz
);
create index second_opinions_page on second_opinions (asked_at desc, id desc);

alter table changes drop constraint changes_kind_check;
alter table changes add constraint changes_kind_check check (kind in ('credential', 'token', 'grant', 'workload', 'tenant', 'resource', 'budget',
  'price', 'signing_key', 'identity', 'user', 'owner', 'environment', 'issuer', 'consent', 'oauth_client', 'identity_provider'));

-- Mints a batch of tokens in one transaction: each is a column of the arrays; an array that is null leaves that column empty. The locks make
-- minting and revoking take turns, in the order in which revocations take them: a token is either seen by the revocation or refused here.
-- Answers one code a token, null where it was minted; only those are recorded. Every join is by a primary key of few rows: the settings keep
-- a plan that was made for small tables from reading large ones.
create function mint_tokens(
  node text, ids text[], grants_of text[], workloads_of text[], resources_of text[], tenants_of text[], identities_of text[], parents text[],
  methods text[], minters text[], bound text[], bindings text[], users_of text[], actors text[], clients text[], consents_of text[],
  families text[], depths integer[], scopes text[], assurances text[], issued timestamptz[], ends timestamptz[],
  entries text[], actor_kinds text[], actor_ids text[], teams text[], environments text[], correlations text[], facts text[],
  persons text[], ips text[], agents text[]
) returns text[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
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
end $$;
