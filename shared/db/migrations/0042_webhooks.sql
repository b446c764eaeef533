-- Callers' webhooks. A message is written in the transaction of its event, once for each endpoint that wants it, and
-- names its endpoint without a foreign key: deleting an endpoint must neither fail nor hold up a job that is ending.
create table webhook_endpoints (
    id uuid primary key,
    owner_type text not null check (owner_type in ('customer', 'key')),
    owner_id text not null,
    url text not null check (length(url) between 1 and 2000),
    events text[] not null check (cardinality(events) > 0),
    secret_version int not null default 1 check (secret_version > 0),
    old_secret_until timestamptz,
    failing_since timestamptz, -- the first failure after which nothing was accepted
    disabled_at timestamptz,
    disabled_reason text,
    created_at timestamptz not null default now(),
    check ((disabled_at is null) = (disabled_reason is null))
);
create index webhook_endpoints_owner on webhook_endpoints (owner_type, owner_id);

create table webhook_messages (
    id uuid primary key,
    endpoint_id uuid not null,
    type text not null,
    once text, -- what causes it, where an event may be found twice
    payload text not null, -- the very bytes that are signed, at each attempt
    status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
    attempts smallint not null default 0 check (attempts >= 0),
    run_after timestamptz not null default now(),
    lease_until timestamptz,
    log jsonb not null default '[]', -- the last attempts
    created_at timestamptz not null default now(),
    check (status = 'pending' or lease_until is null)
);
create index webhook_messages_pending on webhook_messages (endpoint_id, run_after) where status = 'pending';
create index webhook_messages_leased on webhook_messages (endpoint_id) where lease_until is not null;
create index webhook_messages_endpoint on webhook_messages (endpoint_id, created_at desc, id desc);
create unique index webhook_messages_once on webhook_messages (endpoint_id, once) where once is not null;
create index webhook_messages_created on webhook_messages (created_at);
