"""Two instances of the api behind the front, on a database and a Redis of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.redis_server import Redis
from deploy.local.service import Service
from deploy.local.supervisor import await_ready
from tests.databases import Databases
from tests.deploy.front import PROGRAM, Front, instance


@dataclass(frozen=True, slots=True)
class Deployment:
    front: Front
    instances: tuple[Service, Service]
    folder: Path

    @property
    def address(self) -> str:
        return f"http://{ports.LOCAL}:{self.front.port}"


@pytest.fixture(scope="session")
def deployment(open_folder: Path, databases: Databases, redis_server: Redis) -> Iterator[Deployment]:
    if PROGRAM is None:
        pytest.skip("nginx is not on this machine")
    folder = open_folder / "front"
    environment = {
        "DATABASE_URL": databases.lasting(),
        "REDIS_URL": redis_server.url,
        "SECRET_KEY": "of-this-test-" * 3,
        "DATA_DIR": str(open_folder / "front-data"),
    }
    own = [ports.free() for _ in range(3)]
    front = Front(folder, own[0], own[1:])
    first, second = (instance(port, environment, open_folder / f"api-{port}.log") for port in own[1:])
    processes = (front, first, second)
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.stop)
            process.start()
        for process in processes:
            await_ready(process)
        yield Deployment(front, (first, second), folder)
