"""The deadlines in effect, read where they apply, and their order."""

import runpy
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from pydantic import SecretStr
from stripe import HTTPClient

from services.api.decoder import __main__ as decoder
from services.api.decoder.pool import Decoder
from services.api.jobs import events
from services.api.settings import Settings as ApiSettings
from services.rembg.settings import Work as RembgWork
from services.worker import settings as worker
from services.worker.leases import Leases
from services.worker.providers import Unavailable, http_exchange
from shared import broker, settings, timeouts
from shared.db import pool
from shared.storage import bucket
from tests.services import conftest

bare_environment = conftest.bare_environment
_ROOT = Path(__file__).parents[2]


class RecordingAdapter(requests.adapters.BaseAdapter):
    """Records the time limits of requests and sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: Any = None

    def send(self, request: Any, stream: bool = False, timeout: Any = None, **_: Any) -> requests.Response:  # type: ignore[override]
        self.limits = timeout
        raise requests.ConnectionError

    def close(self) -> None:
        """Has nothing to close."""


@pytest.fixture
def provider() -> tuple[float, float]:
    """The connect and read timeouts of a provider call."""
    with http_exchange.session() as client:
        adapter = RecordingAdapter()
        client.mount("http://", adapter)
        with pytest.raises(Unavailable):
            http_exchange.post(client, "http://provider.invalid")
    connect, read = adapter.limits
    return float(connect), float(read)


@pytest.fixture
def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(_ROOT / "deploy/gunicorn.conf.py"))


@pytest.fixture
def database(database_url: str) -> Iterator[Callable[[float], pool.Database]]:
    made: list[pool.Database] = []

    def open_pool(statement_s: float) -> pool.Database:
        made.append(pool.Database(database_url, statement_s=statement_s))
        made[-1].open()
        return made[-1]

    yield open_pool
    for each in made:
        each.close()


def _publisher() -> Mapping[str, Any]:
    options: Mapping[str, Any] = broker.Waker("redis://127.0.0.1:1/0")._app.conf.broker_transport_options
    return options


def test_a_worker_waits_longer_than_rembg_works_and_a_job_longer_than_both_providers(
    bare_environment: pytest.MonkeyPatch, provider: tuple[float, float]
) -> None:
    bare_environment.delenv("REMBG_DEADLINE_S", raising=False)
    inference = RembgWork.read().deadline_s
    connect, read = provider
    assert connect == 2
    assert inference == 20 < read == 25 < timeouts.PROVIDER_S == 30
    assert 2 * (timeouts.PROVIDER_S + read) < timeouts.JOB_S  # each call may end with one read that times out


def test_a_lease_is_renewed_several_times_before_it_ends(bare_environment: pytest.MonkeyPatch) -> None:
    lease_s = worker.Work.read().lease_s
    every_s = Leases(pool.Database("postgresql://127.0.0.1:1/x"), lease_s).every_s
    assert every_s == 15
    assert every_s + timeouts.STATEMENT_WORKER_S + timeouts.POOL_WAIT_S < lease_s == 60


def test_the_job_of_a_dead_worker_runs_again_within_75_s(bare_environment: pytest.MonkeyPatch) -> None:
    assert worker.Work.read().lease_s + timeouts.SWEEP_S <= 75


def test_no_step_of_a_request_outlasts_the_request_and_no_request_the_front(provider: tuple[float, float]) -> None:
    redis_s = _publisher()["socket_timeout"]
    steps = (timeouts.POOL_WAIT_S, timeouts.STATEMENT_API_S, redis_s, timeouts.STORAGE_READ_S)
    assert max(steps) < timeouts.REQUEST_S < timeouts.FRONT_S
    assert timeouts.STORAGE_CONNECT_S + timeouts.STORAGE_READ_S < timeouts.REQUEST_S
    assert sum((timeouts.POOL_WAIT_S, timeouts.STATEMENT_API_S, redis_s)) < timeouts.REQUEST_S
    assert timeouts.LOCK_S < timeouts.STATEMENT_API_S
    storage_s = timeouts.STORAGE_TRIES * (timeouts.STORAGE_READ_S + 1)
    assert timeouts.DECODE_WAIT_S + timeouts.DECODE_S + storage_s < timeouts.REQUEST_S
    assert decoder.CPU_S < timeouts.DECODE_S


def test_a_payment_begins_within_a_request() -> None:
    stripe_s = timeouts.STRIPE_TRIES * (timeouts.STRIPE_CONNECT_S + timeouts.STRIPE_READ_S) + HTTPClient.MAX_DELAY
    pool_s = 2 * timeouts.POOL_WAIT_S  # the row before, the answer after
    assert timeouts.STRIPE_WAIT_S + stripe_s + pool_s < timeouts.REQUEST_S


def test_a_stopping_service_has_time_to_finish_its_requests(gunicorn: dict[str, Any]) -> None:
    assert events.STREAM_S <= timeouts.REQUEST_S <= gunicorn["graceful_timeout"] < timeouts.KILL_S
    assert timeouts.FRONT_S < timeouts.KILL_S
    assert gunicorn["timeout"] > timeouts.FRONT_S  # the front ends slow requests, gunicorn replaces hung processes


@pytest.mark.parametrize("statement_s", [timeouts.STATEMENT_API_S, timeouts.STATEMENT_WORKER_S])
def test_the_server_enforces_the_statement_limit(
    database: Callable[[float], pool.Database], statement_s: float
) -> None:
    with database(statement_s).transaction() as connection:
        row = connection.execute("show statement_timeout").fetchone()
    assert row is not None
    assert row["statement_timeout"] == f"{statement_s}s"


def test_a_statement_that_takes_too_long_is_ended(database: Callable[[float], pool.Database]) -> None:
    with pytest.raises(Exception, match="database") as caught, database(0.2).transaction() as connection:
        connection.execute("select pg_sleep(5)")
    assert isinstance(caught.value.__cause__, psycopg.errors.QueryCanceled)


def test_waiting_for_the_pool_is_short() -> None:
    made = pool.Database("postgresql://127.0.0.1:1/x")._pool
    assert made.timeout == timeouts.POOL_WAIT_S == 2
    assert isinstance(made.kwargs, dict)
    assert made.kwargs["connect_timeout"] == timeouts.DATABASE_CONNECT_S == 3
    assert made.kwargs["tcp_user_timeout"] == 10_000


def test_publishing_and_consuming_have_their_own_limits() -> None:
    publisher = _publisher()
    assert publisher["socket_timeout"] == publisher["socket_connect_timeout"] == timeouts.REDIS_S == 1
    listener = broker.worker_settings("redis://127.0.0.1:1/0", 3, [])["broker_transport_options"]
    assert "socket_timeout" not in listener  # it would end the long poll
    assert listener["polling_interval"] == 300
    idle = getattr(socket, "TCP_KEEPALIVE" if sys.platform == "darwin" else "TCP_KEEPIDLE")
    options = {idle: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
    assert listener["socket_keepalive_options"] == options  # a dead connection is noticed after 30 s
    assert "visibility_timeout" not in listener  # nothing is redelivered: the lease decides
    assert listener["ack_emulation"] is False


def test_the_storage_has_deadlines() -> None:
    made = bucket.Bucket(
        settings.Storage(
            R2_ENDPOINT="http://127.0.0.1:1",
            R2_ACCESS_KEY_ID="id",
            R2_SECRET_ACCESS_KEY=SecretStr("secret"),
            R2_BUCKET_NAME="pictures",
        )
    )
    config = made._client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (timeouts.STORAGE_CONNECT_S, timeouts.STORAGE_READ_S)
    assert (config.connect_timeout, config.read_timeout) == (3, 3)
    assert config.retries["total_max_attempts"] == timeouts.STORAGE_TRIES


def test_every_deadline_is_used_except_those_of_other_programs() -> None:
    """An unused number would only look like a promise."""
    outside = {"FRONT_S", "KILL_S"}  # the proxy in front, and the platform
    sources = [
        path.read_text()
        for folder in ("shared", "services", "deploy")
        for path in (_ROOT / folder).rglob("*.py")
        if path.name != "timeouts.py"
    ]
    names = {name for name in vars(timeouts) if name.isupper()}
    unused = {name for name in names if not any(f"timeouts.{name}" in source for source in sources)}
    assert unused == outside


def test_the_api_and_the_worker_use_their_own_statement_limits(bare_environment: pytest.MonkeyPatch) -> None:
    from services.api import app as api

    parts = api.build(ApiSettings.read(), Decoder())
    assert parts.database._statement_ms == 5000
    parts.hub.stop()
    parts.database.close()
