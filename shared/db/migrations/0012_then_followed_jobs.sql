-- Only changes of jobs that an event stream follows are announced: commits that NOTIFY wait for each other, through the
-- disk. Whoever follows a job writes this first, under the row's lock, so no change after that goes unannounced.
-- The default is for the release before, which does not write it: its jobs are always announced.
alter table jobs add column followed_until timestamptz default '3000-01-01 00:00Z';

create or replace function job_changed() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    if new.followed_until > now() then
        perform pg_notify('jobs', new.id::text);
    end if;
    return new;
end
$$;
drop trigger job_changed on jobs;
create trigger job_changed before update on jobs for each row
    when ((old.status, old.progress, old.attempts) is distinct from (new.status, new.progress, new.attempts))
    execute function job_changed();
