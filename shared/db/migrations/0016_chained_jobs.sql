-- Jobs that follow another by themselves name the first of their chain; jobs that answer a request for something made of
-- a picture name what was asked for, so that equal requests share one.
alter table jobs add column parent_id uuid;
alter table jobs add column request_key text;
create index jobs_parent on jobs (parent_id) where parent_id is not null;
create index jobs_request on jobs (asset_id, request_key, created_at desc) where request_key is not null;

-- What a file was made of: it is deleted with it. Not a foreign key, as either may go first.
alter table assets add column made_of uuid;
create index assets_made_of on assets (made_of) where kind in ('print', 'file');
-- Not valid: no row that is there needs to be read, because the kinds before are among these.
alter table assets drop constraint assets_kind_check;
alter table assets add constraint assets_kind_check
    check (kind in ('source', 'cutout', 'preview', 'mask', 'print', 'file')) not valid;
