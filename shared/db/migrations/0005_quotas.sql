-- What a caller keeps and has under way is counted with each upload and each job: from the index alone.
create index assets_kept on assets (owner_type, owner_id, key) include (bytes) where deleted_at is null;
create index jobs_unfinished on jobs (user_id, owner_type) where status in ('queued', 'running');
