"""Fixtures for everybody: a database of one's own, an empty Redis, a free port, the whole system running.

The servers are those of `make run`, started at most once per test process and only when a test asks.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from deploy.local import ports, postgres_programs
from deploy.local.postgres_server import Postgres
from deploy.local.redis_server import Redis
from deploy.local.supervisor import await_ready
from shared.db import migrate
from tests.stack import RunningStack

SHARED = Path(__file__).parents[2] / "shared"  # photographs and weights that are not ours to publish
_TEMPLATE = "migrated"


@pytest.fixture
def free_port() -> int:
    return ports.free()


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The folder of photographs with golden masks; the test is skipped where it is absent."""
    folder = SHARED / "fixtures"
    if not folder.is_dir():
        pytest.skip("the photographs of ../shared are not on this machine")
    return folder


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users may pass: pytest's own is closed to the user who runs Postgres for root."""
    folder = Path(tempfile.mkdtemp(prefix="stolentee-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Postgres]:
    """The wheel's Postgres, so that tests meet the same version on every machine."""
    server = Postgres(open_folder / "postgres", durable=False, programs=postgres_programs.of_wheel()[0])
    server.start()
    await_ready(server)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def admin(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """A session that may make databases; one of them is the migrated template."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
        migrate.migrate(_address(postgres, _TEMPLATE))
        yield connection


_numbers = itertools.count(1)


@pytest.fixture
def database_url(postgres: Postgres, admin: psycopg.Connection) -> Iterator[str]:
    """A freshly migrated database of this test's own."""
    name = f"test_{next(_numbers)}"
    words = {"name": sql.Identifier(name), "template": sql.Identifier(_TEMPLATE)}
    admin.execute(sql.SQL("create database {name} template {template} strategy file_copy").format(**words))
    yield _address(postgres, name)
    admin.execute(sql.SQL("drop database {name} with (force)").format(**words))


@pytest.fixture(scope="session")
def redis_server(open_folder: Path) -> Iterator[Redis]:
    server = Redis(open_folder / "redis", durable=False)
    server.start()
    await_ready(server)
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def stack(open_folder: Path) -> Iterator[RunningStack]:
    """The system as real processes, shared by the session: leave it as whole as you found it (`stack.mend()`)."""
    running = RunningStack(open_folder / "stack")
    running.start()
    yield running
    running.stop()


def _address(postgres: Postgres, database: str) -> str:
    return f"{postgres.url.rpartition('/')[0]}/{database}"
