-- What may safely be sent twice.

-- A request that names a key. Its answer is written in the transaction of its effect; until then whoever wrote `claim` is at work, and after
-- `locked_until` is taken for dead. Kept for a day.
create table idempotency_keys (
    owner_type text not null,
    owner_id text not null,
    key text not null,
    fingerprint text not null,
    claim uuid not null,
    locked_until timestamptz not null,
    status smallint,
    location text,
    body text,
    created_at timestamptz not null default now(),
    primary key (owner_type, owner_id, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- A picture that its caller sends straight to the storage: what was announced, and the asset it has become.
create table incoming (
    id uuid primary key,
    owner_type text not null,
    owner_id text not null,
    content_type text not null,
    bytes bigint not null check (bytes > 0),
    sha256 text,
    asset_id uuid,
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
);
create index incoming_created on incoming (created_at);
