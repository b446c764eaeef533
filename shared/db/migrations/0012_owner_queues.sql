-- The fair order as an index. Triggers keep it in the transaction of each change, so workers of the release before, which
-- know nothing of it, keep it too. A job that was there before counts for nothing until 0013 has enrolled it.

-- One row for each owner with unfinished jobs.
create table owner_queues (
    user_id text primary key,
    priority smallint not null,
    head_at timestamptz, -- created_at of the first ready job, whose priority is the row's; null: none is ready
    running integer not null default 0, -- jobs that are claimed
    waiting integer not null default 0 -- jobs that are queued
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
create index owner_queues_fair on owner_queues (priority, running, head_at) where head_at is not null;

create function set_claim_state() returns trigger language plpgsql as $$
begin
    new.claim_state := case
        when new.status not in ('queued', 'running') then null
        when new.status = 'running' and new.lease_until >= now() then 'claimed'
        -- 3 is MAX_ATTEMPTS of job_queue.py, which a test compares; a death in company does not count
        when new.attempts >= 3 + (new.isolated or new.status = 'running' and not new.alone)::int then 'exhausted'
        when new.status = 'queued' and new.run_after > now() then 'later'
        when new.claim_state = 'blocked' and new.wakes_at > now() then 'blocked'
        else 'ready'
    end;
    new.wakes_at := case new.claim_state
        when 'claimed' then new.lease_until
        when 'later' then new.run_after
        when 'blocked' then new.wakes_at
    end;
    return new;
end
$$;
create trigger claim_state_of_new before insert on jobs for each row execute function set_claim_state();
-- Not for renewals and progress: they touch no index, and wakes_at is set anew when it has come.
create trigger claim_state before update on jobs for each row when ((old.claim_state = 'claimed'
    and new.claim_state = 'claimed' and new.status = 'running' and new.wakes_at = old.wakes_at
    and new.lease_until >= old.wakes_at) is not true)
    execute function set_claim_state();

create function update_owner_queue() returns trigger language plpgsql as $$
declare
    was_ready boolean := false;
    is_ready boolean;
    more_running integer;
    more_waiting integer;
    queue owner_queues;
    blocked_type text;
begin
    if tg_op = 'DELETE' then
        new := old;
        new.status := 'cancelled';
        new.claim_state := null;
    end if;
    is_ready := coalesce(new.claim_state = 'ready', false);
    more_running := coalesce(new.claim_state = 'claimed', false)::integer;
    more_waiting := (new.status = 'queued' and new.claim_state is not null)::integer;
    if tg_op <> 'INSERT' then
        was_ready := coalesce(old.claim_state = 'ready', false);
        more_running := more_running - coalesce(old.claim_state = 'claimed', false)::integer;
        more_waiting := more_waiting - (old.status = 'queued' and old.claim_state is not null)::integer;
    end if;
    if was_ready then
        -- The lock first, and the next head in a statement after it: a single statement would look with a snapshot from
        -- before its wait, and overlook a job that was added meanwhile.
        select * into queue from owner_queues where user_id = new.user_id for update;
        if is_ready then -- its place has changed
            queue.priority := 0;
            queue.head_at := '-infinity';
        end if;
        select priority, created_at into queue.priority, queue.head_at from jobs
        where user_id = new.user_id and claim_state = 'ready'
            and (priority, created_at) >= (queue.priority, queue.head_at) -- passes by dead entries before the old head
        order by user_id, priority, created_at limit 1;
        update owner_queues set running = running + more_running, waiting = waiting + more_waiting,
            priority = coalesce(queue.priority, priority), head_at = queue.head_at
        where user_id = new.user_id returning * into queue;
    elsif is_ready then
        insert into owner_queues as q (user_id, priority, head_at, waiting)
        values (new.user_id, new.priority, new.created_at, more_waiting)
        on conflict (user_id) do update set running = q.running + more_running, waiting = q.waiting + more_waiting,
            priority = case when q.head_at is null or (new.priority, new.created_at) < (q.priority, q.head_at)
                then new.priority else q.priority end,
            head_at = case when q.head_at is null or (new.priority, new.created_at) < (q.priority, q.head_at)
                then new.created_at else q.head_at end;
    else
        update owner_queues set running = running + more_running, waiting = waiting + more_waiting
        where user_id = new.user_id returning * into queue;
        if not found then
            insert into owner_queues as q (user_id, priority, running, waiting)
            values (new.user_id, new.priority, more_running, more_waiting)
            on conflict (user_id) do update set running = q.running + more_running, waiting = q.waiting + more_waiting
            returning * into queue;
        end if;
    end if;
    if new.claim_state is null and queue.head_at is null and queue.running = 0 and queue.waiting = 0 then
        delete from owner_queues where user_id = new.user_id;
    end if;
    -- Its picture is free: the first blocked job of each type is ready. The owner's row is locked by now, so a claim that
    -- is just blocking one is either seen here, or sees this. One that is locked is looked at again after a minute.
    if tg_op <> 'INSERT' and (old.status = 'running' and new.status <> 'running'
            or was_ready and (new.claim_state is null or new.claim_state in ('later', 'exhausted')))
            and exists (select from jobs where asset_id = new.asset_id and claim_state = 'blocked') then
        for blocked_type in select distinct type from jobs where asset_id = new.asset_id and claim_state = 'blocked' loop
            update jobs set claim_state = 'ready', wakes_at = null where id = (
                select id from jobs
                where asset_id = new.asset_id and claim_state = 'blocked' and type = blocked_type
                order by asset_id, priority, created_at limit 1 for update skip locked);
        end loop;
    end if;
    return null;
end
$$;
create trigger owner_queue_of_new after insert on jobs for each row execute function update_owner_queue();
create trigger owner_queue after update on jobs for each row when (old.claim_state is distinct from new.claim_state
    or old.status <> new.status or old.priority <> new.priority or old.created_at <> new.created_at)
    execute function update_owner_queue();
create trigger owner_queue_of_deleted after delete on jobs for each row when (old.claim_state is not null)
    execute function update_owner_queue();

-- Brings up to date, at most so many, the jobs that time alone has changed. Waits for no lock.
create function wake_jobs(most integer, since timestamptz default '-infinity') returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    woken integer;
begin
    with due as materialized (
        select jobs.id from jobs join owner_queues using (user_id)
        where wakes_at <= now() and wakes_at > since
        order by wakes_at limit most for update of jobs, owner_queues skip locked)
    update jobs set wakes_at = null from due where jobs.id = due.id;
    get diagnostics woken = row_count;
    return woken;
end
$$;

-- Claims the next job of these types (null: of any), or returns it unclaimed and `isolated` if it must run alone and the
-- caller does not. Waits for no lock: an owner whose row another transaction holds is passed over.
create function claim_job(lease_s double precision, types text[], runs_alone boolean) returns setof jobs language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_sort = off as $$
declare
    queues cursor for select * from owner_queues where head_at is not null
        order by priority, running, head_at for update skip locked;
    queue owner_queues;
    job jobs;
    first jobs; -- of those seen, and the running jobs of its owner
    first_running integer;
    passed text[] := '{}'; -- owners without a job for this caller
begin
    if exists (select from jobs where wakes_at <= now() and wakes_at > now() - interval '10 seconds') then
        perform wake_jobs(20, now() - interval '10 seconds'); -- the sweep wakes the others
    end if;
    for attempt in 1..50 loop
        open queues;
        loop
            fetch queues into queue;
            exit when not found or (first.priority, first_running, first.created_at) <= (queue.priority, queue.running, queue.head_at);
            loop
                select * into job from jobs where user_id = queue.user_id and claim_state = 'ready'
                    and (priority, created_at) >= (queue.priority, queue.head_at)
                    and (types is null or type = any (types))
                order by user_id, priority, created_at limit 1 for update skip locked;
                exit when not found or not exists (select from jobs busy
                    where busy.asset_id = job.asset_id and busy.status = 'running' and busy.id <> job.id);
                update jobs set claim_state = 'blocked', wakes_at = now() + interval '1 minute' where id = job.id;
            end loop;
            if job.id is null then
                if not exists (select from jobs where user_id = queue.user_id and claim_state = 'ready'
                        and (types is null or type = any (types))) then
                    passed := passed || queue.user_id;
                end if;
                continue;
            end if;
            if first.id is null or (job.priority, queue.running, job.created_at) < (first.priority, first_running, first.created_at) then
                first := job;
                first_running := queue.running;
            end if;
            exit when (job.priority, job.created_at) = (queue.priority, queue.head_at);
        end loop;
        close queues;
        exit when first.id is not null
            or not exists (select from owner_queues where head_at is not null and user_id <> all (passed));
        perform pg_sleep(0.002); -- another transaction holds those that are left, for a moment
    end loop;
    if first.id is null then
        return;
    end if;
    first.isolated := first.isolated or first.status = 'running' and not first.alone;
    if first.isolated and not runs_alone then
        return next first;
        return;
    end if;
    return query update jobs set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5,
        isolated = first.isolated, alone = runs_alone, lease_until = now() + lease_s * interval '1 second',
        started_at = coalesce(started_at, now())
    where id = first.id returning *;
end
$$;
