-- The size of the object, and of the copies made of it for pages, where it differs from what was received.
alter table assets add column stored_bytes bigint;

-- What a caller occupies, from indexes alone: its objects until they are removed, and uploads that were announced.
create index assets_stored on assets (owner_type, owner_id, key) include (bytes, stored_bytes);
drop index assets_kept;
create index incoming_open on incoming (owner_type, owner_id) include (bytes) where asset_id is null;
