-- How long things are kept, and how objects leave.

-- Of the bytes as they are stored, which those of a source, freed of metadata, are not; unknown for what was stored before.
alter table assets add column stored_sha256 text;
-- When its owner last sent it: a guest's files are kept from then on.
alter table assets add column used_at timestamptz not null default now();
create index assets_guests on assets (used_at) where owner_type = 'guest' and deleted_at is null;
-- A picture and whatever was made of it share the 64 digits in front of their keys, and leave together.
create index assets_stem on assets (left(key, 64));

-- Objects that were removed lately, written down before: whoever stored the same bytes in that moment is told to do it again.
create table removals (
    stem text primary key,
    at timestamptz not null default now()
);
