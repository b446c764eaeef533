"""Fixtures for all tests: a database of their own, an empty Redis, a free port, the whole system running.

The servers are those of `make run`, started at most once per test process and only when a test asks.
"""

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
import structlog
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.local import ports, postgres_programs
from deploy.local.postgres_server import Postgres, may_enter, unprivileged
from deploy.local.process import current_user
from deploy.local.supervisor import await_ready
from deploy.local.valkey_server import Valkey
from shared.db.pool import Database
from tests.databases import Databases
from tests.doubles import stripe_double as doubles
from tests.stack import RunningStack

# A system started once a process would cost more than its tests, so tests that share one stay together. They take
# longest, so they begin first. Ordered: the first that fits counts.
_TOGETHER = (
    *("tests/system/openapi/", "tests/chaos/test_failpoints.py", "tests/system/test_make_run.py"),
    *("tests/chaos/", "tests/system/"),
)
# These read the code or run it elsewhere; measuring them would only double their time.
_UNMEASURED = ("tests/architecture/", "tests/chaos/", "tests/deploy/local/", "tests/hostile/", "tests/system/")
SHARED = Path(__file__).parents[2] / "shared"  # photographs and weights that are not ours to publish


def _group(nodeid: str) -> str:
    """The tests of a file stay together, and so do those that share a running system."""
    file = nodeid.partition("::")[0]
    return next((group for group in _TOGETHER if file.startswith(group)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """By our groups, since those that xdist reads from marks have no effect in pytest 9.2."""
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = _group
    return scheduling


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*_TOGETHER, _group(item.nodeid)).index(_group(item.nodeid)))
    for item in items:
        if item.nodeid.startswith(_UNMEASURED):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave the tests themselves alone: walking them took a quarter of an api test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long forms, as `make chaos` and `make hostile` run them")


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture
def own_logging() -> Iterator[None]:
    """For tests of what sets logging up: the others find it as it was."""
    root, configured = logging.getLogger(), structlog.get_config()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    structlog.configure(**configured)
    structlog.contextvars.clear_contextvars()


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
    """A temporary folder that the user who runs Postgres for root may pass, on disk."""
    with _temporary("/var/tmp") as folder:
        yield folder


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """The same in memory where there is plenty: the 300 files of a database take 10 ms there, 30 to 400 on disk."""
    memory = Path("/dev/shm")  # Linux only
    plenty = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    with _temporary("/dev/shm" if plenty else "/var/tmp") as folder:
        yield folder


@contextmanager
def _temporary(parent: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="stolentee-tests-", dir=parent))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(open_folder: Path, quick_folder: Path) -> Iterator[Postgres]:
    programs = postgres_programs.packaged()
    if not may_enter(programs, unprivileged()):
        # Memory often does not let programs run.
        programs = postgres_programs.copied(programs, open_folder, unprivileged() or current_user())
    server = Postgres(quick_folder / "postgres", durable=False, programs=programs)
    server.start()
    await_ready(server)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        made = Databases(connection, postgres.url.rpartition("/")[0])
        yield made
        made.close()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A freshly migrated database of this test's own."""
    return databases.fresh()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open pool, wide enough for the tests that work with many at once."""
    database = Database(database_url, pool_max=12)
    database.open()
    yield database
    database.close()


@pytest.fixture(scope="session")
def redis_server(open_folder: Path) -> Iterator[Valkey]:
    server = Valkey(open_folder / "valkey", durable=False)
    server.start()
    await_ready(server)
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: Valkey) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def stripe_double(tmp_path: Path) -> Iterator[doubles.StripeDouble]:
    """A double of Stripe for one test; it delivers no events until the test says where to: `deliver(url=...)`."""
    with doubles.running(tmp_path) as double:
        yield double


@pytest.fixture(scope="session")
def stack(open_folder: Path) -> Iterator[RunningStack]:
    """The system as real processes, shared by the session: leave it as whole as you found it (`stack.mend()`)."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    running = RunningStack(open_folder / "stack", LEASE_S="4", **measured)  # a dead worker's job is run again soon
    running.start()
    yield running
    running.stop()
