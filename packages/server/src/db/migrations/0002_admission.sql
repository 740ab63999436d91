-- Admission, settlement and the sweep: the ledger's only writers. Each works on a whole batch in one round trip.
--
-- Order of locks, the same in all of them, so that they can't wait for each other in a circle:
--   1. reservations, in any order: a node settles its own calls, one batch at a time, and the sweep skips what is locked
--   2. budget_windows by (budget, start)
--   3. rate_windows by (grant, minute)
-- Whoever waits in one step holds nothing of a later one.

-- The end of the budget window that `at` lies in; null for `total`.
create function window_end(time_window text, at timestamptz) returns timestamptz language sql stable as $$
  select case time_window
    when 'total' then null
    else (date_trunc(time_window, at, 'UTC') at time zone 'UTC' + ('1 ' || time_window)::interval) at time zone 'UTC'
  end
$$;

-- Writes audit entries (audit/audit.ts) and answers the time that they bear. Calls are written by admit_calls.
create function record_audit(node text, entries json) returns timestamptz language plpgsql as $$
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
end $$;

-- Admits a batch of calls, in its order, each as a whole or not at all, and writes their audit entries, refusals included.
--
-- Calls are columns of arrays, with what concerns a grant apart: `call_grants[n]` is the index of call n's grant in `grants`.
--   amounts       worst case in nano-dollars; null where it has none, `why_none` then says which refusal that is where a budget applies
--   tokens        worst case of tokens, counted against `tpms`
--   seconds       how long the reservation lives at most
--   rpms, tpms    limits of each grant a minute; null: none
--   asked_calls, asked_tokens, asked_amounts   sums of the batch by grant; the amount is null where one of its calls has none
--   the rest      what else the audit entries say; an array that is null leaves that column empty. Arrays, because PostgreSQL reads them in half
--                 the time of the same as JSON (9 against 18 us a call)
-- Budgets are found here, from the database's own truth: organisation, team of the workload's owner, workload, grant.
--
-- Each statement costs a batch some 0.1 ms, and a multiple where it is planned anew: hence few of them, and plans that are kept.
--
-- Answers {"at": epoch ms, "held": one letter a grant, "refused": [[n, code, retry_after_seconds | null, detail | null], …]}; the letter says
-- what the grant's admitted calls hold: b a budget (and whatever else), t only their tokens are counted, a nothing.
create function admit_calls(
  node text, grants text[], workloads text[], rpms bigint[], tpms bigint[], asked_calls bigint[], asked_tokens bigint[], asked_amounts bigint[],
  calls text[], call_grants integer[], amounts bigint[], why_none text[], tokens bigint[], seconds integer[],
  behalves text[], token_ids text[], credentials text[], versions text[], resource_ids text[], tenant_ids text[], teams text[],
  environment_names text[], models text[], operations text[], effects text[], correlations text[], reasons text[], facts text[],
  persons text[], ips text[], agents text[]
) returns json language plpgsql set plan_cache_mode = force_generic_plan as $$
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
end $$;

-- Seconds until `asked` more fit under `bound`, when nothing else comes: first the minute before fades out, then this one. Null: never.
create function minute_wait(before bigint, current bigint, asked bigint, bound bigint, share numeric) returns integer language sql immutable as $$
  select case
    when asked > bound then null
    when current + asked <= bound and before > 0 then greatest(1, ceil((share - (bound - current - asked)::numeric / before) * 60))::integer
    else greatest(1, ceil((share + 1 - case when current > 0 then least(1, (bound - asked)::numeric / current) else 1 end) * 60))::integer
  end
$$;

-- Frees what the reservations held and counts what they cost: `costs[n]` for `gone[n]`, null for the whole amount; `used_tokens[n]` likewise
-- corrects the minute that the call was counted in. The caller has deleted the reservations in its own statement: nobody else can have them.
create function release_holds(gone reservations[], costs bigint[], used_tokens bigint[]) returns void language plpgsql
set plan_cache_mode = force_generic_plan as $$
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
end $$;

-- Settles a batch of calls, each at most once in it. A call that holds a reservation settles once: when that is gone, nothing happens. A call that holds none settles
-- once by the primary key of usage_events. `costs[n]` null: unknown, the whole reservation is charged and the event marked estimated.
-- `held[n]` says whether the call held a reservation, `admitted_ms` when it was admitted (epoch, milliseconds). Answers {"settled": count, "over": [[call, cost, reserved], …]}: costs above
-- their reservation are counted as they are, and told, because a worst case that was none is a fault of ours.
create function settle_calls(
  node text, calls text[], costs bigint[], used_tokens bigint[], held boolean[], admitted_ms double precision[], attempts integer[],
  workload_ids text[], grant_ids text[], token_ids text[], resource_ids text[], credentials text[], versions text[], tenant_ids text[], teams text[],
  environment_names text[], operations text[], models text[], outcomes text[], statuses integer[], streamed boolean[], inputs bigint[],
  cached bigint[], cache_writes bigint[], outputs bigint[], guessed boolean[], latencies real[], first_bytes real[], overheads real[]
) returns json language plpgsql set plan_cache_mode = force_generic_plan as $$
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
end $$;

-- Usage events of lost calls, from their audit entries.
create function write_lost(gone reservations[]) returns void language sql as $$
  insert into usage_events (at, call_id, node_id, workload_id, grant_id, token_id, resource_id, credential_id, version_id, tenant_id, team,
    environment, operation, model, outcome, cost_nano, estimated)
  select r.at, r.call_id, r.node_id, coalesce(a.workload_id, ''), r.grant_id, a.token_id, coalesce(a.resource_id, ''), coalesce(a.credential_id, ''),
    a.version_id, a.tenant_id, a.team, coalesce(a.environment, ''), coalesce(a.operation, ''), a.model, 'lost',
    case when cardinality(r.held_budgets) > 0 then r.amount_nano end, true
  from unnest(gone) as r
  left join audit_entries a on a.at = r.at and a.call_id = r.call_id and a.action = 'gateway.call'
  on conflict do nothing
$$;

-- Settles at their whole amount the reservations that outlived their end, by the database's clock, and those of dead nodes that nobody has
-- swept yet: not heard for `dead_after`, stopped, or an earlier start on the same home. At most `most` a call; answers how many.
create function sweep_reservations(node text, node_home text, dead_after interval, most integer) returns integer language plpgsql as $$
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
end $$;

-- Frees what calls hold that were never made, and charges nothing: their admission was not answered, so they did not go upstream.
create function abandon_calls(calls text[]) returns integer language plpgsql as $$
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
end $$;

-- Usage events `lost` for calls that were admitted in [since, until), by that node (null: by any), and neither hold a reservation nor have settled.
create function sweep_intents(since timestamptz, until timestamptz, of_node text) returns integer language plpgsql as $$
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
end $$;
