-- 0002 allows one running job a picture, and would fail over two that run as it comes. Of those all but the first go
-- back into the queue; the fence keeps their workers from writing, and the attempt, which was not at fault, is given
-- back. (A file between two numbers, because 0002 had been applied when this was found; after it, nothing is left to do.)
update jobs set status = 'queued', progress = 0, lease_until = null, fence = fence + 1, attempts = attempts - 1
where status = 'running' and exists (
    select from jobs first where first.asset_id = jobs.asset_id and first.status = 'running' and first.id < jobs.id);
