-- When a CDN was told to forget a deleted picture; until then its row is the order to do so.
alter table assets add column purged_at timestamptz;
create index assets_unpurged on assets (deleted_at) where deleted_at is not null and purged_at is null;
