"""Two instances of the api behind the front, on a database and a Redis of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.valkey_server import Valkey
from tests.databases import Databases
from tests.deploy.front import PROGRAM, Deployment, deployed


@pytest.fixture(scope="session")
def deployment(open_folder: Path, databases: Databases, redis_server: Valkey) -> Iterator[Deployment]:
    if PROGRAM is None:
        pytest.skip("nginx is not on this machine")
    with deployed(open_folder, {"DATABASE_URL": databases.lasting(), "REDIS_URL": redis_server.url}) as running:
        yield running
