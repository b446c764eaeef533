"""Jobs, as those who asked for them see them: create, find, list, cancel, try again; and the operators' report.

What a worker does to a job is in `work.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import owners, pagination
from shared.db.pool import Connection
from shared.models.cutout import Foreground, Provider, Result
from shared.models.job import Job, JobError, JobState, JobType, Timings
from shared.models.owner import Owner, OwnerType

NORMAL = 5  # priorities run from 0, the most urgent, to 9
COLUMNS = """id, owner_type, user_id, type, asset_id, status, progress, attempts, fence, priority, version, wanted,
    provider, timings, result, error_code, error_message, created_at, started_at, finished_at,
    request_id"""
_NAMED = "id = %(id)s and (%(type)s::text is null or owner_type = %(type)s and user_id = %(owner)s)"


def create(
    connection: Connection,
    job_id: UUID,
    owner: Owner,
    asset_id: UUID,
    *,
    priority: int = NORMAL,
    wanted: Provider | None = None,
    request_id: str = "",
) -> Job:
    row = connection.execute(
        f"""insert into jobs (id, owner_type, user_id, type, asset_id, priority, wanted, request_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s) returning {COLUMNS}""",
        [job_id, owner.type, owner.id, JobType.CUTOUT, asset_id, priority, wanted, request_id],
    ).fetchone()
    assert row is not None
    return from_row(row)


def find(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """A job by id; of anybody when `owner` is None."""
    row = connection.execute(f"select {COLUMNS} from jobs where {_NAMED}", _named(job_id, owner)).fetchone()
    return from_row(row) if row else None


def page(
    connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None, status: JobState | None
) -> pagination.Page[Job]:
    """The owner's jobs, newest first."""
    select = f"""select {COLUMNS}
        from jobs
        where {owners.OWNED_JOBS}
        and (%(status)s::text is null or status = %(status)s)"""
    return pagination.fetch(connection, select, {"status": status, **owners.parameters(owner)}, from_row, limit, after)


def cancel(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """Cancel a job that has not ended; None when there is none that could be. A worker busy with it is fenced off."""
    row = connection.execute(
        f"""update jobs set status = 'cancelled', fence = fence + 1, lease_until = null, finished_at = now()
        where {_NAMED} and status in ('queued', 'running') returning {COLUMNS}""",
        _named(job_id, owner),
    ).fetchone()
    return from_row(row) if row else None


def retry(connection: Connection, owner: Owner | None, job_id: UUID) -> Job | None:
    """Queue a failed or cancelled job again, attempts from 0; None when it is neither."""
    row = connection.execute(
        f"""update jobs set status = 'queued', progress = 0, attempts = 0, run_after = now(), started_at = null,
            finished_at = null, error_code = null, error_message = null, provider = null, timings = '{{}}'
        where {_NAMED} and status in ('failed', 'cancelled') returning {COLUMNS}""",
        _named(job_id, owner),
    ).fetchone()
    return from_row(row) if row else None


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that failed for a reason of ours, and why."""

    id: UUID
    code: str
    message: str
    attempts: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """How the whole queue stands. `oldest_queued_s` is None while nothing waits."""

    states: dict[JobState, int]
    oldest_queued_s: float | None
    dead: list[Dead]


def depth(connection: Connection) -> tuple[int, float]:
    """How many jobs wait to run, and the age of the oldest in seconds (0 while none does)."""
    row = connection.execute(
        """select count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float as oldest_s
        from jobs where status = 'queued'"""
    ).fetchone()
    assert row is not None
    return int(row["waiting"]), float(row["oldest_s"])


def report(connection: Connection, limit: int = 50) -> Report:
    """States, the age of the oldest waiting job, and the newest jobs that died."""
    counted = connection.execute("select status, count(*) as jobs from jobs group by status").fetchall()
    waiting, oldest_s = depth(connection)
    dead = connection.execute(
        """select id, error_code as code, error_message as message, attempts, finished_at from jobs
        where status = 'failed' and error_code <> 'unknown_foreground' order by finished_at desc limit %s""",
        [limit],
    ).fetchall()
    return Report(
        states=dict.fromkeys(JobState, 0) | {JobState(row["status"]): int(row["jobs"]) for row in counted},
        oldest_queued_s=oldest_s if waiting else None,
        dead=[Dead(**row) for row in dead],
    )


def _named(job_id: UUID, owner: Owner | None) -> dict[str, object]:
    return {"id": job_id, "type": owner.type if owner else None, "owner": owner.id if owner else None}


def _result(stored: dict[str, Any]) -> Result:
    rest = {name: v for name, v in stored.items() if name not in ("asset_id", "foreground")}
    return Result(asset_id=UUID(stored["asset_id"]), foreground=Foreground(**stored["foreground"]), **rest)


def from_row(row: dict[str, Any]) -> Job:
    """The job in a row of COLUMNS."""
    failed = row["error_code"] is not None
    return Job(
        id=row["id"],
        owner=Owner(OwnerType(row["owner_type"]), row["user_id"]),
        type=JobType(row["type"]),
        asset_id=row["asset_id"],
        status=JobState(row["status"]),
        progress=row["progress"],
        attempts=row["attempts"],
        fence=row["fence"],
        priority=row["priority"],
        version=row["version"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        timings=Timings(**row["timings"]),
        request_id=row["request_id"],
        wanted=Provider(row["wanted"]) if row["wanted"] else None,
        provider=Provider(row["provider"]) if row["provider"] else None,
        result=_result(row["result"]) if row["result"] else None,
        error=JobError(row["error_code"], row["error_message"]) if failed else None,
    )
