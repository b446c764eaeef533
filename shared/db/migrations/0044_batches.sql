-- Batches: many pictures sent to be cut out with the same options.
create table batches (
    id uuid primary key,
    owner_type text not null,
    owner_id text not null,
    input jsonb not null, -- of each cut-out
    pictures smallint not null check (pictures between 1 and 500), -- at most so many
    request_id text not null,
    created_at timestamptz not null default now(),
    closed_at timestamptz, -- from then on no picture is added
    cancelled_at timestamptz);
create index batches_owner on batches (owner_type, owner_id, created_at desc, id desc);
create index batches_created on batches (owner_type, created_at);

-- A picture waits until the api has taken it in: it has a job then, or an error. Neither the asset nor the job is a
-- foreign key, as both may be deleted.
create table batch_items (
    batch_id uuid not null references batches on delete cascade,
    position smallint not null check (position >= 0),
    name text not null check (length(name) between 1 and 400), -- a path
    file_id uuid, -- of `incoming`: the ZIP file with the picture, as its entry
    entry integer,
    url text,
    sha256 text, -- of the bytes as received, once they are known
    leased_until timestamptz not null default 'epoch', -- by the api that takes it in
    attempts smallint not null default 0,
    asset_id uuid,
    brought boolean not null default false, -- the asset came with the batch, and is deleted with it
    job_id uuid,
    error_code text,
    error_message text,
    primary key (batch_id, position));
create unique index batch_items_name on batch_items (batch_id, lower(name));
create index batch_items_waiting on batch_items (batch_id, position) where job_id is null and error_code is null;
create index batch_items_file on batch_items (file_id) where job_id is null and error_code is null;
create index batch_items_asset on batch_items (asset_id) where asset_id is not null;
