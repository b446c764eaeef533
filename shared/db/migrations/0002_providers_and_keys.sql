-- What a removal costs and who may choose it.

-- Every call of a provider, written before the call when it may cost money. `cost_microusd` is what is known or feared to be
-- charged: a worker that dies between reserving and hearing leaves its reservation standing, so the budget errs to our side.
create table provider_calls (
    id uuid primary key,
    job_id uuid not null,
    fence integer not null,
    provider text not null,
    outcome text not null default 'pending' check (outcome in ('pending', 'ok', 'refused', 'broken', 'unavailable')),
    cost_microusd bigint not null default 0 check (cost_microusd >= 0),
    input_bytes bigint not null default 0,
    output_bytes bigint not null default 0,
    uncertain real,
    duration_ms integer,
    started_at timestamptz not null default now()
);
create index provider_calls_started on provider_calls (started_at);
create index provider_calls_job on provider_calls (job_id);

-- One row a day (UTC); the condition of its update is the budget, so no two workers can both take the last cent.
create table spend (
    day date primary key,
    microusd bigint not null check (microusd >= 0)
);

-- The share of jobs that the self-hosted provider gets; the newest row rules, the others are its history.
create table rollout (
    id bigint generated always as identity primary key,
    percent smallint not null check (percent between 0 and 100),
    set_by text not null,
    set_at timestamptz not null default now()
);

create table api_keys (
    id uuid primary key,
    name text not null,
    hash text not null unique,
    scope text not null check (scope in ('premium', 'admin')),
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

-- What a job asked for, and what its result depends on: the same again by the same owner is answered from the row.
alter table jobs add column wanted text check (wanted in ('self_hosted', 'removebg'));
alter table jobs add column fingerprint text;
create index jobs_fingerprint on jobs (fingerprint) where status = 'done';
-- One job a picture at a time: the second waits and then finds the first one's result.
create unique index jobs_one_a_picture on jobs (asset_id) where status = 'running';
