"""A worker's parts over a real Postgres and a folder, and a stand-in for rembg."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.worker.leases import Leases
from services.worker.pipeline import Pipeline
from services.worker.removal.self_hosted import SelfHosted
from shared import images, storage
from shared.db import assets, ids, jobs
from shared.db.pool import Database
from shared.models import Asset, AssetKind, Job, Owner, OwnerType
from tests.services import pictures
from tests.services.worker.rembg_double import Double

SECRET = "a secret of the tests, long enough"
OWNER = Owner(OwnerType.GUEST, "0" * 64)


class Bench:
    """Everything a job needs, and a way to look at what became of it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.objects = folder / "objects"
        self.database = Database(database_url)
        self.storage = storage.Folder(self.objects)
        self.leases = Leases(self.database, 60)
        self.rembg = Double()
        self.remover = SelfHosted(self.rembg.url)
        self.pipeline = Pipeline(self.database, self.storage, self.remover, self.leases, SECRET)
        self.database.open()

    def stop(self) -> None:
        self.remover._session.close()
        self.rembg.stop()
        self.database.close()

    def order(self, data: bytes | None = None) -> UUID:
        """A job as the api makes it, without its doorbell."""
        data = data or pictures.jpeg()
        judged = images.judge(data)
        kept = images.strip(data, judged)
        digest = sha256(data).hexdigest()
        key = storage.key_for(SECRET, OWNER, digest, "src")
        kind, now = AssetKind.SOURCE, datetime.now(UTC)
        sides = (judged.width, judged.height)
        asset = Asset(
            ids.new(),
            OWNER,
            kind,
            key,
            digest,
            kept.content_type,
            *sides,
            len(data),
            now,
            kept.orientation,
            "shirt.jpg",
        )
        self.storage.put(key, kept.data, kept.content_type, {})
        with self.database.transaction() as connection:
            source, _ = assets.add(connection, asset)
            return jobs.create(connection, ids.new(), OWNER, source.id).id

    def job(self, job_id: UUID) -> Job:
        with self.database.transaction() as connection:
            found = jobs.find(connection, OWNER, job_id)
        assert found is not None
        return found

    def run(self, job_id: UUID) -> Job:
        """Run the one job there is, whenever its turn would be; the job after it."""
        self.say("update jobs set run_after = now() where id = %s", job_id)
        assert self.pipeline.run_next()
        return self.job(job_id)

    def claim(self) -> Job:
        """The next job, as another worker would take it."""
        with self.database.transaction() as connection:
            job = jobs.claim_next(connection, 60)
        assert job is not None
        return job

    def made(self, job_id: UUID) -> dict[str, Asset]:
        """The rows that the job added, by kind."""
        rows = self.say("select id from assets where job_id = %s", job_id)
        with self.database.transaction() as connection:
            found = [assets.load(connection, row["id"]) for row in rows]
        return {asset.kind: asset for asset in found if asset}

    def source_key(self, job_id: UUID) -> str:
        with self.database.transaction() as connection:
            source = assets.load(connection, self.job(job_id).asset_id)
        assert source is not None
        return source.key

    def say(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Whatever only a test would say to the database."""
        with self.database.transaction() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(database_url, tmp_path)
    yield made
    made.stop()
