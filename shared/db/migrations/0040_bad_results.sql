-- Pictures that were cut out badly, as callers of remove.bg's API told us.
create table bad_results (
    id uuid primary key,
    key_id uuid not null references api_keys,
    asset_id uuid not null,
    filename text not null,
    tag text not null,
    created_at timestamptz not null default now()
);
