-- A guest who signs in takes unfinished jobs along: they leave one owner's queue for another's. In a file of its own, for
-- the lock of jobs, without which the old triggers could meet a moved job.
lock table jobs in access exclusive mode;

-- Counts an owner's jobs of a queue anew. The lock of the row comes first, and the count in a statement after it, which
-- sees what was committed while it waited; whoever changes a job of this owner meanwhile waits, and adds to the new count.
create function recount_owner_queue(of_queue text, of_user text) returns void language plpgsql as $$
declare
    entry owner_queues;
begin
    insert into owner_queues as q (queue, user_id, priority) values (of_queue, of_user, 0)
    on conflict (queue, user_id) do update set running = q.running;
    select count(*) filter (where claim_state = 'claimed'), count(*) filter (where status = 'queued')
    into entry.running, entry.waiting from jobs
    where queue = of_queue and user_id = of_user and status in ('queued', 'running') and claim_state is not null;
    select priority, created_at into entry.priority, entry.head_at from jobs
    where queue = of_queue and user_id = of_user and claim_state = 'ready'
    order by queue, user_id, priority, created_at limit 1;
    if entry.running + entry.waiting = 0 and entry.head_at is null then
        delete from owner_queues where queue = of_queue and user_id = of_user;
    else
        update owner_queues set running = entry.running, waiting = entry.waiting,
            priority = coalesce(entry.priority, priority), head_at = entry.head_at
        where queue = of_queue and user_id = of_user;
    end if;
end
$$;

create function move_owner_queue() returns trigger language plpgsql as $$
begin
    perform recount_owner_queue(old.queue, old.user_id);
    perform recount_owner_queue(new.queue, new.user_id);
    return null;
end
$$;
create trigger owner_queue_of_moved after update on jobs for each row
    when (old.user_id <> new.user_id and (old.claim_state is not null or new.claim_state is not null))
    execute function move_owner_queue();

drop trigger owner_queue on jobs;
create trigger owner_queue after update on jobs for each row when (old.user_id = new.user_id
    and (old.claim_state is distinct from new.claim_state or old.status <> new.status or old.priority <> new.priority
        or old.created_at <> new.created_at))
    execute function update_owner_queue();
