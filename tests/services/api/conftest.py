"""The real app over a real Postgres, Redis and folder, called through Flask's test client."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from werkzeug.routing import Rule

from services.api.app import build, create_app
from services.api.decoder.pool import Decoder
from services.api.dependencies import Dependencies
from services.api.settings import Settings
from shared.db import job_queue
from shared.models.job import Job
from tests.services.api.documented import DocumentedClient
from tests.services.api.served import Served

# Each rule of each app compiles functions that build its URL, which is half of an app's start: once a rule is enough.
_compile_builder = Rule._compile_builder
_BUILDERS: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = rule.rule, append_unknown
    if key not in _BUILDERS:
        _BUILDERS[key] = _compile_builder(rule, append_unknown)
    return _BUILDERS[key]


Rule._compile_builder = _compiled_once  # type: ignore[method-assign, assignment]


@dataclass(frozen=True, slots=True)
class Api:
    """One instance of the api."""

    app: OpenAPI
    deps: Dependencies

    def guest(self) -> FlaskClient:
        """A new client that keeps cookies."""
        return self.app.test_client()

    def claim(self) -> Job:
        """Claim the next job, as a worker would."""
        with self.deps.database.transaction() as connection:
            job = job_queue.claim_next(connection, 60)
        assert job is not None
        return job

    def stop(self) -> None:
        self.deps.close()


Start = Callable[[], Api]


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """Shared by all tests, because its processes take a moment to start; it keeps no state between pictures."""
    made = Decoder()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def start(environment: pytest.MonkeyPatch, decoder: Decoder) -> Iterator[Start]:
    """Starts an instance from the environment as it is then; any number of them share database and Redis."""
    started: list[Api] = []

    def begin() -> Api:
        deps = build(Settings.read(), decoder)
        app = create_app(deps)
        app.test_client_class = DocumentedClient
        started.append(Api(app, deps))
        return started[-1]

    yield begin
    for api in started:
        api.stop()


@pytest.fixture
def api(start: Start) -> Api:
    return start()


@pytest.fixture
def guest(api: Api) -> FlaskClient:
    return api.guest()


@pytest.fixture
def served(environment: pytest.MonkeyPatch, free_port: int) -> Iterator[Served]:
    server = Served(free_port)
    yield server
    server.stop()
