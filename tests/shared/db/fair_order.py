"""What claims and owner_queues must agree with: the fair order as one plain query, and the queues as plain counts."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from shared.db import jobs
from shared.db.job_queue import MAX_ATTEMPTS
from shared.db.pool import Connection
from shared.models.job import Job

# The claim of release 0.2.0, whose cost grows with the backlog. %(types)s may be null. It did not know queues.
_NEXT_OF_ALL = """
    with load as (
        select user_id, count(*) as running from jobs
        where status = 'running' and lease_until >= now()
        group by user_id
    )
    select jobs.id, isolated or status = 'running' and not alone as must_run_alone
    from jobs left join load using (user_id)
    where (status = 'queued' and run_after <= now() or status = 'running' and lease_until < now())
        and attempts < %(attempts)s + (isolated or status = 'running' and not alone)::int
        and (%(types)s::text[] is null or type = any(%(types)s))
        and not exists (
            select from jobs busy
            where busy.asset_id = jobs.asset_id and busy.status = 'running' and busy.id <> jobs.id
        )
    order by priority, coalesce(load.running, 0), created_at
    limit 1
"""
_NEXT = _NEXT_OF_ALL.replace("and lease_until >=", "and queue = %(queue)s and lease_until >=").replace(
    "where (status", "where queue = %(queue)s and (status"
)
_CLAIM = f"""
    with next as ({_NEXT_OF_ALL} for update of jobs skip locked)
    update jobs set status = 'running', attempts = attempts + 1, fence = fence + 1, progress = 5, alone = true,
        lease_until = now() + interval '1 minute', started_at = coalesce(started_at, now())
    where id = (select id from next) returning *
"""

_WRONG = """
    with counted as (
        select queue, user_id, count(*) filter (where claim_state = 'claimed') as running,
            count(*) filter (where status = 'queued') as waiting
        from jobs where claim_state is not null group by queue, user_id
    ), heads as (
        select distinct on (queue, user_id) queue, user_id, priority, created_at
        from jobs where claim_state = 'ready' order by queue, user_id, priority, created_at
    ), expected as (
        select * from counted left join heads using (queue, user_id)
        where running > 0 or waiting > 0 or created_at is not null
    )
    select queue || ' of ' || user_id as wrong
    from expected full join owner_queues entry using (queue, user_id)
    where (expected.running, expected.waiting, expected.created_at)
            is distinct from (entry.running, entry.waiting, entry.head_at)
        or expected.priority <> entry.priority
    union all
    select claim_state || ' ' || status from jobs
    where coalesce(wakes_at, 'infinity') > now() and claim_state is distinct from case
        when status = 'running' and lease_until >= now() then 'claimed'
        when status not in ('queued', 'running') then null
        when attempts >= %(attempts)s + (isolated or status = 'running' and not alone)::int then 'exhausted'
        when status = 'queued' and run_after > now() then 'later'
        when claim_state = 'blocked' and status = 'queued' then 'blocked'
        else 'ready' end
    union all
    select 'blocked by nothing' from jobs
    where claim_state = 'blocked' and wakes_at > now() + interval '1 ms' and not exists (
        select from jobs other
        where other.asset_id = jobs.asset_id and (other.status = 'running' or other.type = jobs.type
            and (other.claim_state = 'ready'
                or other.claim_state = 'blocked' and other.wakes_at <= now() + interval '1 ms')
            and other.id <> jobs.id
            and (other.priority, other.created_at) <= (jobs.priority, jobs.created_at)))
"""


def next_job(connection: Connection, queues: list[str], types: list[str] | None) -> tuple[UUID, bool] | None:
    """The id of the job whose turn it is in the first queue that has one, and whether it must run alone."""
    for queue in queues:
        given = {"queue": queue, "types": types, "attempts": MAX_ATTEMPTS}
        if row := connection.execute(_NEXT.encode(), given).fetchone():
            return row["id"], row["must_run_alone"]
    return None


def claim_as_before(connection: Connection) -> Job | None:
    """Claim as release 0.2.0 does; as there, None and a rollback if another takes a job of the same picture."""
    try:
        row = connection.execute(_CLAIM.encode(), {"types": None, "attempts": MAX_ATTEMPTS}).fetchone()
    except UniqueViolation:
        connection.rollback()
        return None
    return jobs.from_row(defaultdict(lambda: None, row)) if row else None  # some columns came later


def wrong(connection: Connection) -> list[dict[str, Any]]:
    """What owner_queues and claim_state say that the jobs do not."""
    return connection.execute(_WRONG.encode(), {"attempts": MAX_ATTEMPTS}).fetchall()
