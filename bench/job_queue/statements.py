"""The statements that are measured: those of the product, and the ones they are compared with."""

FAIR = "select id, fence from claim_job(60, array['jobs'], null, true)"
# What a queue without owners would do in the same table: the first due job in the order of an index.
IN_ORDER = """
    with next as (
        select jobs.id from jobs
        where status in ('queued', 'running')
            and (status = 'queued' and run_after <= now() or status = 'running' and lease_until < now())
            and attempts < 3 + (isolated or status = 'running' and not alone)::int
            and not exists (
                select from jobs busy
                where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id
            )
        order by priority, created_at for update skip locked limit 1
    )
    update jobs set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5, alone = true,
        lease_until = now() + 60 * interval '1 second', started_at = coalesce(started_at, now())
    where id = (select id from next) returning id, fence
"""
FINISH = """
    update jobs set status = 'done', progress = 100, result = '{}', lease_until = null, finished_at = now()
    where id = %s and fence = %s and status = 'running' returning id
"""
CREATE_BEFORE = """
    insert into jobs (id, owner_type, user_id, type, asset_id)
    values (%s, 'guest', encode(sha256(%s::bytea), 'hex'), 'cutout', %s) returning *
"""
CREATE = """
    insert into jobs (id, owner_type, user_id, type, asset_id, followed_until)
    values (%s, 'guest', encode(sha256(%s::bytea), 'hex'), 'cutout', %s, null) returning *
"""
OVERDUE_BEFORE = """
    select count(*) as waiting from jobs
    where (jobs.status = 'queued' and jobs.run_after <= now() or jobs.status = 'running' and jobs.lease_until < now())
        and attempts < 3 + (isolated or status = 'running' and not alone)::int
        and not exists (
            select from jobs busy
            where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id
        )
        and greatest(run_after, coalesce(lease_until, run_after)) < now() - 0.5 * interval '1 second'
"""
DEPTH_BEFORE = """
    select count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float as oldest_s
    from jobs where status = 'queued'
"""
