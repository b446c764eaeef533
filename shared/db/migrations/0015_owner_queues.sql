-- The fair order of each queue, and a claim of the first of some queues. All is done behind two locks: that of the sweep,
-- which reads owner_queues before jobs, and that of jobs, so that none of these functions runs meanwhile; a claim that
-- began before goes on afterwards with the function as it was, which works on both.
select pg_advisory_xact_lock(7283002); -- _SWEEP_LOCK of job_queue.py
lock table jobs in access exclusive mode;

-- One row for each queue and owner with unfinished jobs in it.
alter table owner_queues add column queue text not null default 'jobs';
alter table owner_queues drop constraint owner_queues_pkey, add primary key (queue, user_id);
drop index owner_queues_fair;
create index owner_queues_fair on owner_queues (queue, priority, running, head_at) where head_at is not null;

create or replace function update_owner_queue() returns trigger language plpgsql as $$
declare
    was_ready boolean := false;
    is_ready boolean;
    more_running integer;
    more_waiting integer;
    entry owner_queues;
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
        select * into entry from owner_queues where queue = new.queue and user_id = new.user_id for update;
        if is_ready then -- its place has changed
            entry.priority := 0;
            entry.head_at := '-infinity';
        end if;
        select priority, created_at into entry.priority, entry.head_at from jobs
        where queue = new.queue and user_id = new.user_id and claim_state = 'ready'
            and (priority, created_at) >= (entry.priority, entry.head_at) -- passes by dead entries before the old head
        order by queue, user_id, priority, created_at limit 1;
        update owner_queues set running = running + more_running, waiting = waiting + more_waiting,
            priority = coalesce(entry.priority, priority), head_at = entry.head_at
        where queue = new.queue and user_id = new.user_id returning * into entry;
    elsif is_ready then
        insert into owner_queues as q (queue, user_id, priority, head_at, waiting)
        values (new.queue, new.user_id, new.priority, new.created_at, more_waiting)
        on conflict (queue, user_id) do update set running = q.running + more_running, waiting = q.waiting + more_waiting,
            priority = case when q.head_at is null or (new.priority, new.created_at) < (q.priority, q.head_at)
                then new.priority else q.priority end,
            head_at = case when q.head_at is null or (new.priority, new.created_at) < (q.priority, q.head_at)
                then new.created_at else q.head_at end;
    else
        update owner_queues set running = running + more_running, waiting = waiting + more_waiting
        where queue = new.queue and user_id = new.user_id returning * into entry;
        if not found then
            insert into owner_queues as q (queue, user_id, priority, running, waiting)
            values (new.queue, new.user_id, new.priority, more_running, more_waiting)
            on conflict (queue, user_id) do update set running = q.running + more_running, waiting = q.waiting + more_waiting
            returning * into entry;
        end if;
    end if;
    if new.claim_state is null and entry.head_at is null and entry.running = 0 and entry.waiting = 0 then
        delete from owner_queues where queue = new.queue and user_id = new.user_id;
    end if;
    -- Its picture is free: the first blocked job of each type is ready. One of another queue is so in a moment, when
    -- wake_jobs finds it: to lock a second row of its owner here could deadlock with a job that ends in that queue. One
    -- that is locked is looked at again after a minute.
    if tg_op <> 'INSERT' and (old.status = 'running' and new.status <> 'running' or old.claim_state in ('ready', 'blocked')
            and (new.claim_state is null or new.claim_state in ('later', 'exhausted')))
            and exists (select from jobs where asset_id = new.asset_id and claim_state = 'blocked') then
        for blocked_type in select distinct type from jobs where asset_id = new.asset_id and claim_state = 'blocked' loop
            update jobs set claim_state = case queue when new.queue then 'ready' else 'blocked' end,
                wakes_at = case queue when new.queue then null else now() + interval '1 ms' end
            where id = (
                select id from jobs
                where asset_id = new.asset_id and claim_state = 'blocked' and type = blocked_type
                order by asset_id, priority, created_at limit 1 for update skip locked);
        end loop;
    end if;
    return null;
end
$$;

create or replace function wake_jobs(most integer, since timestamptz default '-infinity') returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    woken integer;
begin
    with due as materialized (
        select jobs.id from jobs join owner_queues using (queue, user_id)
        where wakes_at <= now() and wakes_at > since
        order by wakes_at limit most for update of jobs, owner_queues skip locked)
    update jobs set wakes_at = null from due where jobs.id = due.id;
    get diagnostics woken = row_count;
    return woken;
end
$$;

-- Locks the next job of the queue and of these types (null: of any), and the row of its owner. Waits for no lock: an owner
-- whose row another transaction holds is passed over.
create function lock_next_job(of_queue text, types text[]) returns jobs language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_sort = off as $$
declare
    entries cursor for select * from owner_queues where queue = of_queue and head_at is not null
        order by priority, running, head_at for update skip locked;
    entry owner_queues;
    job jobs;
    first jobs; -- of those seen, and the running jobs of its owner
    first_running integer;
    passed text[] := '{}'; -- owners without a job for this caller
begin
    for attempt in 1..50 loop
        open entries;
        loop
            fetch entries into entry;
            exit when not found or (first.priority, first_running, first.created_at) <= (entry.priority, entry.running, entry.head_at);
            loop
                select * into job from jobs where queue = of_queue and user_id = entry.user_id and claim_state = 'ready'
                    and (priority, created_at) >= (entry.priority, entry.head_at)
                    and (types is null or type = any (types))
                order by queue, user_id, priority, created_at limit 1 for update skip locked;
                exit when not found or not exists (select from jobs busy
                    where busy.asset_id = job.asset_id and busy.status = 'running' and busy.id <> job.id);
                -- With the lock, the end of the running job waits, and then sees this one. Without, it may be ending now.
                perform from jobs busy
                where busy.asset_id = job.asset_id and busy.status = 'running' and busy.id <> job.id for share skip locked;
                update jobs set claim_state = 'blocked',
                    wakes_at = now() + case when found then interval '1 minute' else interval '1 second' end
                where id = job.id;
            end loop;
            if job.id is null then
                if not exists (select from jobs where queue = of_queue and user_id = entry.user_id and claim_state = 'ready'
                        and (types is null or type = any (types))) then
                    passed := passed || entry.user_id;
                end if;
                continue;
            end if;
            if first.id is null or (job.priority, entry.running, job.created_at) < (first.priority, first_running, first.created_at) then
                first := job;
                first_running := entry.running;
            end if;
            exit when (job.priority, job.created_at) = (entry.priority, entry.head_at);
        end loop;
        close entries;
        exit when first.id is not null or not exists (
            select from owner_queues where queue = of_queue and head_at is not null and user_id <> all (passed));
        perform pg_sleep(0.002); -- another transaction holds those that are left, for a moment
    end loop;
    return first;
end
$$;

-- Claims the next job of the first of these queues that has one, or returns it unclaimed and `isolated` if it must run
-- alone and the caller does not.
create function claim_job(lease_s double precision, queues text[], types text[], runs_alone boolean)
returns setof jobs language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    of_queue text;
    first jobs;
begin
    if exists (select from jobs where wakes_at <= now() and wakes_at > now() - interval '10 seconds') then
        perform wake_jobs(20, now() - interval '10 seconds'); -- the sweep wakes the others
    end if;
    foreach of_queue in array queues loop
        first := lock_next_job(of_queue, types);
        exit when first.id is not null;
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

-- For workers of the release before, also after a rollback: they know the types of one queue.
create or replace function claim_job(lease_s double precision, types text[], runs_alone boolean) returns setof jobs
language sql as $$ select * from claim_job(lease_s, array['jobs'], types, runs_alone) $$;
