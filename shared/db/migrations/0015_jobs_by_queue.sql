-- In a file of their own: while they are made, writers of jobs wait, but readers do not.
create index jobs_ready_by_queue on jobs (queue, user_id, priority, created_at) where claim_state = 'ready';
create index jobs_queued_by_queue on jobs (queue, created_at) where status = 'queued';
