"""A worker beside the api, that answers jobs at once with a picture of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.api import keys
from shared import storage
from shared.db import api_keys, ids, job_queue
from shared.models.asset import Asset, AssetKind
from shared.models.composition import Subject
from shared.models.cutout import Composed, CutoutInput, CutoutResult, Foreground
from shared.models.job import Job, JobFailure, Outcome, Timings
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key

RESULT = pictures.cutout()


@dataclass
class Worker:
    """Ends each job as `fails` says, else with RESULT; `seen` are the inputs of the jobs."""

    api: Api
    fails: JobFailure | None = None
    seen: list[CutoutInput] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            with self.api.deps.database.transaction() as connection:
                job = job_queue.claim_next(connection, 60)
                if job:
                    self.seen.append(CutoutInput.read(job.input))
                    self._end(connection, job)

    def _end(self, connection: Any, job: Job) -> None:
        if self.fails:
            job_queue.fail(connection, job, self.fails, "It failed.", Timings())
        else:
            job_queue.finish(connection, job, self._outcome(job), Timings())

    def _outcome(self, job: Job) -> Outcome:
        deps, digest = self.api.deps, sha256(RESULT).hexdigest()
        key = storage.key_for(deps.secret, job.owner, digest, "png")
        deps.storage.put(key, RESULT, "image/png", {})
        now, size = datetime.now(UTC), len(RESULT)
        asset = Asset(
            *(ids.new(), job.owner, AssetKind.CUTOUT, key, digest, "image/png", 40, 30, size, now),
            job_id=job.id,
            made_of=job.asset_id,
        )
        box = Foreground(7, 10, 20, 15)
        composed = Composed(Subject.PRODUCT, box, 400, 300)
        result = CutoutResult(
            *(asset.id, key, key, key, 40, 30, size, "double", 0.0, box),
            composed=composed,
        )
        return Outcome(result.json(), (asset,))


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    """The worker, running."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stopped.set()
        thread.join()


@pytest.fixture
def worker(api: Api) -> Iterator[Worker]:
    with working(Worker(api)) as running:
        yield running


@pytest.fixture
def shop(api: Api) -> FlaskClient:
    """The client of a key without a limit."""
    return with_key(api, Scope.PREMIUM)


@pytest.fixture
def limited(api: Api) -> Callable[[int], FlaskClient]:
    """The client of a key with so many credits a month."""

    def make(credits_: int) -> FlaskClient:
        secret = keys.make()
        with api.deps.database.transaction() as connection:
            api_keys.add(connection, "limited", Scope.PREMIUM, keys.digest(secret), credits_)
        client = api.app.test_client(use_cookies=False)
        client.environ_base["HTTP_X_API_KEY"] = secret
        return client

    return make
