"""Owners, assets and jobs for a database."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from shared.db import assets, ids, job_queue, jobs
from shared.db.pool import Connection, Database
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutResult, Foreground, MaskPrecision, Provider
from shared.models.job import Job, Outcome, Timings
from shared.models.owner import Owner, OwnerType

RESULT = CutoutResult(
    asset_id=ids.new(),
    cutout_key="c" * 64 + ".png",
    preview_key="d" * 64 + ".webp",
    mask_key="e" * 64 + ".png",
    width=640,
    height=480,
    bytes=12_345,
    model="compact",
    uncertain=0.0125,
    foreground=Foreground(top=1, left=2, width=300, height=400),
    cost_microusd=17,
)
OUTCOME = Outcome(RESULT.json(), provider=Provider.SELF_HOSTED, fingerprint="f", precision=MaskPrecision.INT8)
TIMINGS = Timings(queued_ms=1, fetch_ms=2, remove_ms=3, store_ms=4, total_ms=10)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def owner(name: str = "ann") -> Owner:
    return Owner(OwnerType.GUEST, digest(name))


def asset(content: str = "photo", *, of: str = "ann", **changes: Any) -> Asset:
    """A picture with this content; its key depends on content and owner, as in the product."""
    facts: dict[str, Any] = {
        "id": ids.new(),
        "owner": owner(of),
        "kind": AssetKind.SOURCE,
        "key": digest(f"{of} {content}") + ".png",
        "sha256": digest(content),
        "content_type": "image/png",
        "width": 640,
        "height": 480,
        "bytes": 999,
        "created_at": datetime.now(UTC),
        "orientation": 6,
        "name": "phöto.png",
    }
    return Asset(**facts | changes)


P = ParamSpec("P")
T = TypeVar("T")


def run(database: Database, work: Callable[Concatenate[Connection, P], T], *args: P.args, **options: P.kwargs) -> T:
    """Run `work` in a transaction of its own and return its result."""
    with database.transaction() as connection:
        return work(connection, *args, **options)


def queued(database: Database, of: str = "ann", *, priority: int = 5) -> Job:
    """A new job of a new picture."""
    with database.transaction() as connection:
        picture, _ = assets.add(connection, asset(str(ids.new()), of=of))
        job = jobs.create(connection, ids.new(), owner(of), picture.id)
        connection.execute("update jobs set priority = %s where id = %s", [priority, job.id])
    return job


def claimed(database: Database, lease_s: float = 60, *, alone: bool = True) -> Job:
    """The job that a worker claims next; there must be one."""
    job = run(database, job_queue.claim_next, lease_s, alone=alone)
    assert job is not None
    return job


def seen(database: Database, job: Job) -> Job:
    """A job as its owner sees it now."""
    found = run(database, jobs.find, job.owner, job.id)
    assert found is not None
    return found


def rewind(database: Database, seconds: float) -> None:
    """Let time pass for every job by moving all its times into the past."""
    with database.transaction() as connection:
        connection.execute(
            "update jobs set lease_until = lease_until - %(s)s * interval '1 second', "
            "run_after = run_after - %(s)s * interval '1 second'",
            {"s": seconds},
        )
