-- What a page of owners counts, and what the overview warns of, without reading the credentials themselves.
create index credentials_live_by_owner on credentials (owner) where state = 'active';
create index workloads_live_by_owner on workloads (owner) where state = 'active';
create index credentials_expiring on credentials (expires_at) where state = 'active' and expires_at is not null;
