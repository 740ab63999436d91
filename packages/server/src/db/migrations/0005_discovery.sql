-- What scanners report. A detection is one secret, known by the same keyed fingerprint as a version of a credential; a sighting is one place.
create table detections (
  id text primary key,
  fingerprint bytea not null unique check (octet_length(fingerprint) = 32),
  detector text not null,
  provider text not null,
  name text not null,
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  confidence_percent integer not null check (confidence_percent between 0 and 100),
  masked text not null,
  credential_id text references credentials on delete set null,
  version_id text references credential_versions on delete set null,
  state text not null default 'open' check (state in ('open', 'adopted', 'dismissed')),
  state_reason text,
  state_by text,
  state_at timestamptz,
  dismissed_until timestamptz,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple', name || ' ' || provider || ' ' || detector)) stored
);
create index detections_page on detections (first_seen_at desc, id desc);
create index detections_by_state on detections (state, first_seen_at desc, id desc);
create index detections_by_provider on detections (provider, first_seen_at desc, id desc);
create index detections_by_severity on detections (severity, first_seen_at desc, id desc);
create index detections_by_credential on detections (credential_id) where credential_id is not null;
create index detections_by_version on detections (version_id) where version_id is not null;
create index detections_search on detections using gin (search);

-- `place` is a SHA-256 of source, origin, path, line and commit: reporting a place again is no second sighting.
create table sightings (
  id text primary key,
  detection_id text not null references detections on delete cascade,
  place bytea not null check (octet_length(place) = 32),
  source text not null check (source in ('file', 'git', 'staged', 'image', 'log', 'stdin', 'environment', 'process')),
  origin text,
  path text not null,
  line integer not null,
  commit text,
  author text,
  email text,
  what text,
  seen_at timestamptz,
  reported_by text not null,
  first_reported_at timestamptz not null default now(),
  last_reported_at timestamptz not null default now(),
  search tsvector not null generated always as (to_tsvector('simple', regexp_replace(path, '[^[:alnum:]]+', ' ', 'g'))) stored,
  unique (detection_id, place)
);
create index sightings_by_detection on sightings (detection_id, last_reported_at desc, id desc);
create index sightings_by_source on sightings (source, detection_id);
create index sightings_by_reporter on sightings (reported_by, detection_id);
create index sightings_search on sightings using gin (search);
-- Owners are guessed by the address of whoever committed a secret.
create index owners_by_contact on owners (lower(contact));
