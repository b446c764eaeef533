"""A pool over a new database, and rows for the tests."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from shared.db import assets, ids, job_queue, jobs
from shared.db.pool import Database
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import ASSETS, CutoutResult, Foreground, Provider
from shared.models.job import Job, Outcome, Timings
from shared.models.owner import Owner, OwnerType

ANNE, BERT = Owner(OwnerType.GUEST, "a" * 64), Owner(OwnerType.GUEST, "b" * 64)
TIMINGS = Timings(queued_ms=1, total_ms=10)


class Records:
    """The statements of a test."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def unsaved(
        self, owner: Owner = ANNE, kind: AssetKind = AssetKind.SOURCE, job_id: UUID | None = None, words: str = ""
    ) -> Asset:
        """A picture without a row; each is different unless `words` is given."""
        asset_id = ids.new()
        digest = sha256((words or str(asset_id)).encode()).hexdigest()
        now = datetime.now(UTC)
        return Asset(asset_id, owner, kind, f"{digest}.png", digest, "image/png", 4, 3, 99, now, job_id=job_id)

    def asset(self, *arguments: Any, **options: Any) -> Asset:
        """A picture with its row."""
        with self.database.transaction() as connection:
            return assets.add(connection, self.unsaved(*arguments, **options))[0]

    def job(self, asset: Asset | None = None, **options: Any) -> Job:
        asset = asset or self.asset()
        with self.database.transaction() as connection:
            return jobs.create(connection, ids.new(), asset.owner, asset.id, **options)

    def claim(self, lease_s: float = 60) -> Job | None:
        with self.database.transaction() as connection:
            return job_queue.claim_next(connection, lease_s)

    def claimed(self, asset: Asset | None = None) -> Job:
        """A running job."""
        self.job(asset)
        job = self.claim()
        assert job is not None
        return job

    def finished(self, asset: Asset | None = None, fingerprint: str = "f") -> Job:
        """A job that is done, with its three pictures."""
        job = self.claimed(asset)
        made = {kind: self.asset(job.owner, kind, job.id) for kind in ASSETS}
        outcome = Outcome(result_of(made).json(), provider=Provider.REMOVEBG, fingerprint=fingerprint)
        with self.database.transaction() as connection:
            assert job_queue.finish(connection, job, outcome, TIMINGS)
        return self.found(job)

    def found(self, job: Job) -> Job:
        with self.database.transaction() as connection:
            now = jobs.find(connection, None, job.id)
        assert now is not None
        return now

    def say(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Run a statement that only tests need."""
        with self.database.transaction() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


def result_of(made: dict[AssetKind, Asset]) -> CutoutResult:
    cutout = made[AssetKind.CUTOUT]
    return CutoutResult(
        asset_id=cutout.id,
        cutout_key=cutout.key,
        preview_key=made[AssetKind.PREVIEW].key,
        mask_key=made[AssetKind.MASK].key,
        width=4,
        height=3,
        bytes=99,
        model="compact",
        uncertain=0.5,
        foreground=Foreground(1, 1, 2, 1),
        cost_microusd=200_000,
    )


@pytest.fixture
def records(database: Database) -> Records:
    return Records(database)
