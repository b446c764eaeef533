"""A worker's parts over a real Postgres and a folder, and stand-ins for rembg and remove.bg."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.worker import job_types
from services.worker.handlers import Resources
from services.worker.leases import Leases
from services.worker.providers import Remover, http_exchange
from services.worker.providers.removebg import RemoveBg
from services.worker.providers.router import Router, Rules
from services.worker.providers.self_hosted import SelfHosted
from services.worker.runner import Runner
from shared import images, storage
from shared.db import assets, ids, job_queue, jobs
from shared.db.pool import Database
from shared.images.press_profiles import NO_PROFILES, Profiles
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutInput, CutoutResult, Provider
from shared.models.job import Job, Queue
from shared.models.owner import Owner, OwnerType
from tests.doubles import removebg as removebg_double
from tests.services import pictures
from tests.services.worker.rembg_double import Double

SECRET = "a secret of the tests, long enough"
OWNER = Owner(OwnerType.GUEST, "0" * 64)
PRICE = 200_000  # micro-dollars: 20 cents


class Bench:
    """Everything a job needs, and a way to look at what became of it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.objects = folder / "objects"
        self.database = Database(database_url)
        self.storage = storage.Folder(self.objects)
        self.leases = Leases(self.database, 60)
        self.rembg = Double()
        self.client = http_exchange.session()
        self.remover = SelfHosted(self.client, self.rembg.url)
        self.runner = self.runner_with()
        self.database.open()

    def router(
        self, paid: removebg_double.RemoveBg | None = None, rules: Rules | None = None, percent: int = 100
    ) -> Router:
        """A router of its own, as another worker process would have, with a paid provider if one is given."""
        providers: dict[Provider, Remover] = {Provider.SELF_HOSTED: SelfHosted(self.client, self.rembg.url)}
        if paid:
            providers[Provider.REMOVEBG] = RemoveBg(self.client, paid.url, removebg_double.KEY, PRICE)
        return Router(self.database, providers, rules or Rules(1_000 * PRICE), lambda: percent)

    def runner_with(
        self, *arguments: Any, prints: bool = False, profiles: Profiles = NO_PROFILES, **options: Any
    ) -> Runner:
        """A runner over `router(...)`, of all job types; with `prints`, print edges follow a cut-out."""
        router = self.router(*arguments, **options)
        resources = Resources(self.database, self.storage, router, SECRET, prints, profiles)
        handlers = job_types.handlers(resources, tuple(Queue))
        return Runner(self.database, self.leases, handlers, threads=3, queues=tuple(Queue))

    def stop(self) -> None:
        self.client.close()
        self.rembg.stop()
        self.database.close()

    def order(self, data: bytes | None = None, owner: Owner = OWNER, *, drawn: bool = False, **options: Any) -> UUID:
        """A job as the api makes it, without its wake-up."""
        source = self.source(data, owner, drawn=drawn)
        with self.database.transaction() as connection:
            return jobs.create(connection, ids.new(), owner, source.id, input=CutoutInput(**options).json()).id

    def source(self, data: bytes | None = None, owner: Owner = OWNER, *, drawn: bool = False) -> Asset:
        """A stored picture."""
        data = data or pictures.jpeg()
        info = images.inspect(data)
        kept = images.strip(data, info)
        digest = sha256(data).hexdigest()
        key = storage.key_for(SECRET, owner, digest, "src")
        kind, now = AssetKind.SOURCE, datetime.now(UTC)
        sides = (info.width, info.height)
        asset = Asset(
            ids.new(),
            owner,
            kind,
            key,
            digest,
            kept.content_type,
            *sides,
            len(data),
            now,
            kept.orientation,
            "shirt.jpg",
            stored_sha256=sha256(kept.data).hexdigest(),
            drawn=drawn,
        )
        self.storage.put(key, kept.data, kept.content_type, {})
        with self.database.transaction() as connection:
            return assets.add(connection, asset)[0]

    def job(self, job_id: UUID) -> Job:
        with self.database.transaction() as connection:
            found = jobs.find(connection, None, job_id)
        assert found is not None
        return found

    def result(self, job: Job) -> CutoutResult:
        """What a finished cut-out produced."""
        assert job.result is not None
        return CutoutResult.read(job.result)

    def run(self, job_id: UUID) -> Job:
        """Run the one job there is, whenever its turn would be; the job after it."""
        self.say("update jobs set run_after = now() where id = %s", job_id)
        assert self.runner.run_next()
        return self.job(job_id)

    def claim(self, *, alone: bool = True) -> Job:
        """The next job, as another worker would take it."""
        with self.database.transaction() as connection:
            job = job_queue.claim_next(connection, 60, alone=alone)
        assert job is not None
        return job

    def made(self, job_id: UUID) -> dict[str, Asset]:
        """The rows that the job added, by kind."""
        rows = self.say("select id from assets where job_id = %s", job_id)
        with self.database.transaction() as connection:
            found = [assets.find(connection, None, row["id"]) for row in rows]
        return {asset.kind: asset for asset in found if asset}

    def source_key(self, job_id: UUID) -> str:
        with self.database.transaction() as connection:
            source = assets.find(connection, None, self.job(job_id).asset_id)
        assert source is not None
        return source.key

    def block_storage(self) -> None:
        self.objects.rename(self.objects.with_name("elsewhere"))
        self.objects.write_text("in the way")

    def unblock_storage(self) -> None:
        self.objects.unlink()
        self.objects.with_name("elsewhere").rename(self.objects)

    def say(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Whatever only a test would say to the database."""
        with self.database.transaction() as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def calls(self) -> list[tuple[str, str, int]]:
        """(provider, outcome, cost) of every call of a provider, in order."""
        rows = self.say("select provider, outcome, cost_microusd from provider_calls order by started_at")
        return [(row["provider"], row["outcome"], row["cost_microusd"]) for row in rows]

    def spent(self) -> int:
        """Micro-dollars spent or reserved on all days."""
        return int(self.say("select coalesce(sum(microusd), 0)::bigint as spent from spend")[0]["spent"])


@pytest.fixture
def removebg(tmp_path: Path) -> Iterator[removebg_double.RemoveBg]:
    """The paid provider's stand-in."""
    with removebg_double.RemoveBg(tmp_path / "ledger.jsonl", retry_after_s=7) as double:
        yield double


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(database_url, tmp_path)
    yield made
    made.stop()
