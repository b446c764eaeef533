"""The api behind a server in this process, with a worker that ends each job by a picture made of the source's bytes."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.serving import make_server

from services.api import keys
from shared.db import api_keys, assets, job_queue
from shared.models.job import Job
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.batches import sending
from tests.services.api.conftest import Api


@dataclass(slots=True)
class Live:
    """A running system. `hold`: the worker waits meanwhile."""

    api: Api
    url: str
    key: str
    claimed: int = 0
    hold: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stopped.wait(0.02):
            while not self.hold.is_set() and (job := self._claim()):
                self.claimed += 1
                with self.api.deps.database.transaction() as connection:
                    source = assets.find(connection, None, job.asset_id)
                assert source is not None
                sending.finish(self.api, job, result_of(source.sha256))

    def _claim(self) -> Job | None:
        with self.api.deps.database.transaction() as connection:
            return job_queue.claim_next(connection, 60)


def result_of(sha256: str) -> bytes:
    """The result of the source with this digest."""
    return pictures.encoded(pictures.drawn(shade=int(hashlib.sha256(sha256.encode()).hexdigest()[:2], 16)), "PNG")


@pytest.fixture
def live(api: Api, free_port: int) -> Iterator[Live]:
    secret = keys.make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "shop", Scope.PREMIUM, keys.digest(secret))
    server = make_server("127.0.0.1", free_port, api.app, threaded=True)
    running = Live(api, f"http://127.0.0.1:{free_port}", secret)
    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=running.work)]
    for thread in threads:
        thread.start()
    yield running
    running.stopped.set()
    server.shutdown()
    server.server_close()
    for thread in threads:
        thread.join()
