"""Provider calls: a row for each, with its cost, and a daily budget that two workers cannot overdraw.

Money is reserved before a paid call and corrected after it. A worker that dies in between leaves its reservation
standing: better to count a call that was never made than to make one that was never counted.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.cutout import Provider
from shared.models.job import Job


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended: `outcome` is ok, refused, broken or unavailable."""

    outcome: str
    cost_microusd: int
    output_bytes: int = 0
    uncertain: float | None = None


@dataclass(frozen=True, slots=True)
class ProviderDay:
    """One row of the table for rollout decisions. Durations in ms; they and `errors` are of ended calls."""

    day: str
    provider: Provider
    count: int
    errors: int
    average_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    input_bytes: int
    output_bytes: int
    cost_microusd: int
    uncertain: float | None


def begin(
    connection: Connection, job: Job, provider: Provider, input_bytes: int, price_microusd: int, budget_microusd: int
) -> UUID | None:
    """Record a call that is about to be made, and reserve its price; None when the day's budget does not allow it."""
    if price_microusd and not _reserve(connection, price_microusd, budget_microusd):
        return None
    call_id = ids.new()
    connection.execute(
        """
        insert into provider_calls (id, job_id, fence, provider, input_bytes, cost_microusd)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [call_id, job.id, job.fence, provider, input_bytes, price_microusd],
    )
    return call_id


def paid(connection: Connection, job: Job, provider: Provider) -> bool:
    """Whether the job has already had its one paid call to this provider, whether or not the result was kept.

    A call without an end counts unless the run right before this one made it: then its worker died. Cancelling takes a
    fencing number too, so an owner who cancels and retries in the middle of a call does not get a second one.
    """
    row = connection.execute(
        """
        select
        from provider_calls
        where job_id = %s
            and provider = %s
            and cost_microusd > 0
            and (outcome <> 'pending' or fence < %s - 1)
        limit 1
        """,
        [job.id, provider, job.fence],
    ).fetchone()
    return row is not None


def end(connection: Connection, call_id: UUID, ended: CallOutcome, duration_ms: int) -> None:
    """Record how the call ended; money that was reserved but not charged goes back to the day it was taken from."""
    connection.execute(
        """
        with call as (
            select cost_microusd, (started_at at time zone 'utc')::date as day
            from provider_calls
            where id = %(id)s
        ), refund as (
            update spend
            set microusd = microusd - (call.cost_microusd - %(cost_microusd)s)
            from call
            where spend.day = call.day and call.cost_microusd <> %(cost_microusd)s
        )
        update provider_calls
        set outcome = %(outcome)s, cost_microusd = %(cost_microusd)s, duration_ms = %(duration_ms)s,
            output_bytes = %(output_bytes)s, uncertain = %(uncertain)s
        where id = %(id)s
        """,
        {**asdict(ended), "id": call_id, "duration_ms": duration_ms},
    )


def spent_today(connection: Connection) -> int:
    """Micro-dollars spent or reserved today (UTC)."""
    row = connection.execute("select microusd from spend where day = (now() at time zone 'utc')::date").fetchone()
    return int(row["microusd"]) if row else 0


def prune(connection: Connection, keep_s: float, limit: int) -> int:
    """Delete calls that began `keep_s` ago, at most `limit`; returns how many.

    Those of a job that is still kept stay: they show that it had its paid call.
    """
    return connection.execute(
        """
        with due as materialized (  -- a subquery may run more than once, and then more than `limit` rows go
            select id
            from provider_calls
            where started_at < now() - %s * interval '1 second'
                and not exists (select from jobs where jobs.id = provider_calls.job_id)
            order by started_at
            limit %s
            for update skip locked
        )
        delete from provider_calls
        using due
        where provider_calls.id = due.id
        """,
        [keep_s, limit],
    ).rowcount


def by_day(connection: Connection, days: int) -> list[ProviderDay]:
    """Each provider's calls of the last `days` days (UTC), newest first."""
    rows = connection.execute(
        """
        select
            (started_at at time zone 'utc')::date::text as day,
            provider,
            count(*) as count,
            count(*) filter (where outcome not in ('ok', 'pending')) as errors,
            avg(duration_ms)::float as average_ms,
            percentile_cont(0.5) within group (order by duration_ms) as p50_ms,
            percentile_cont(0.95) within group (order by duration_ms) as p95_ms,
            sum(input_bytes)::bigint as input_bytes,
            sum(output_bytes)::bigint as output_bytes,
            sum(cost_microusd)::bigint as cost_microusd,
            avg(uncertain)::float as uncertain
        from provider_calls
        where started_at >= ((now() at time zone 'utc')::date - (%s - 1) * interval '1 day') at time zone 'utc'
        group by 1, 2
        order by 1 desc, 2
        """,
        [days],
    ).fetchall()
    return [ProviderDay(**{**row, "provider": Provider(row["provider"])}) for row in rows]


def _reserve(connection: Connection, price_microusd: int, budget_microusd: int) -> bool:
    if price_microusd > budget_microusd:
        return False
    row = connection.execute(
        """
        insert into spend (day, microusd)
        values ((now() at time zone 'utc')::date, %(price)s)
        on conflict (day) do update
            set microusd = spend.microusd + %(price)s
            where spend.microusd + %(price)s <= %(budget)s
        returning day
        """,
        {"price": price_microusd, "budget": budget_microusd},
    ).fetchone()
    return row is not None
