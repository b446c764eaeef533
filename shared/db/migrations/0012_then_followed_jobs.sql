-- Only changes of jobs that an event stream follows are announced: commits that NOTIFY wait for each other, through the
-- disk. A stream writes followed_until first, under the row's lock, so no change after that goes unannounced.
drop trigger job_changed on jobs;
create or replace function job_changed() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    if new.followed_until > now() then
        perform pg_notify('jobs', new.id::text);
    end if;
    return new;
end
$$;
create trigger job_changed before update on jobs for each row
    when ((old.status, old.progress, old.attempts) is distinct from (new.status, new.progress, new.attempts))
    execute function job_changed();
