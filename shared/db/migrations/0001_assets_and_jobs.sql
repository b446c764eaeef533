-- Assets are stored objects; jobs are promises. Both belong to an owner (a guest now; keys and accounts later).

create table assets (
    id uuid primary key,
    owner_type text not null,
    owner_id text not null,
    kind text not null check (kind in ('source', 'cutout', 'preview', 'mask')),
    key text not null,
    sha256 text not null,
    content_type text not null,
    width integer not null,
    height integer not null,
    bytes bigint not null,
    orientation smallint not null default 1 check (orientation between 1 and 8),
    name text not null default '',
    job_id uuid,
    created_at timestamptz not null default now(),
    deleted_at timestamptz
);
-- The same bytes by the same owner are one asset: the index, not a look-up before, decides a race.
create unique index assets_source on assets (owner_type, owner_id, sha256) where kind = 'source' and deleted_at is null;
create index assets_owner on assets (owner_type, owner_id, created_at desc, id desc);
create index assets_job on assets (job_id);
create index assets_key on assets (key);
create index assets_deleted on assets (deleted_at) where deleted_at is not null;

create table jobs (
    id uuid primary key,
    owner_type text not null,
    user_id text not null,
    type text not null,
    asset_id uuid not null, -- not a foreign key: the history of a job outlives its picture
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
    progress smallint not null default 0 check (progress between 0 and 100),
    attempts integer not null default 0,
    fence integer not null default 0,
    priority smallint not null default 5 check (priority between 0 and 9),
    version integer not null default 1,
    provider text,
    timings jsonb not null default '{}',
    result jsonb,
    error_code text,
    error_message text,
    run_after timestamptz not null default now(),
    lease_until timestamptz,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    check ((status = 'running') = (lease_until is not null)),
    check ((status = 'done') = (result is not null)),
    check ((status = 'failed') = (error_code is not null)),
    check ((status in ('done', 'failed', 'cancelled')) = (finished_at is not null))
);
create index jobs_user on jobs (user_id, created_at desc, id desc);
create index jobs_status on jobs (status);
create index jobs_created on jobs (created_at desc);
create index jobs_due on jobs (priority, created_at) where status in ('queued', 'running');

-- Every visible change of a job raises its version and is announced at commit, so that no writer can forget to.
create function job_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if (new.status, new.progress, new.attempts) is not distinct from (old.status, old.progress, old.attempts) then
            return new;
        end if;
        new.version := old.version + 1;
    end if;
    perform pg_notify('jobs', new.id::text);
    return new;
end
$$;
create trigger job_changed before insert or update on jobs for each row execute function job_changed();
