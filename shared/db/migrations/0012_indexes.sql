-- In a file of their own: while they are made, writers of jobs wait, but readers do not.
create index jobs_ready on jobs (user_id, priority, created_at) where claim_state = 'ready';
create index jobs_wake on jobs (wakes_at) where wakes_at is not null;
create index jobs_blocked on jobs (asset_id, priority, created_at) where claim_state = 'blocked';
create index jobs_exhausted on jobs (id) where claim_state = 'exhausted';
create index jobs_queued on jobs (created_at) where status = 'queued';
create index jobs_dead on jobs (finished_at) where status = 'failed' and error_code <> 'unknown_foreground';
-- For lists of one state, and for quotas.
create index jobs_user_status on jobs (user_id, status, created_at desc, id desc) include (owner_type);
