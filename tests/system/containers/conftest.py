"""Containers take minutes, so these tests run only when named: make test T=tests/system/containers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.containers.engine import Compose, missing

HERE = Path(__file__).parent


def _named(config: pytest.Config) -> bool:
    given = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    return any(path == HERE or HERE in path.parents for path in given)


@pytest.fixture(scope="session")
def compose(request: pytest.FixtureRequest) -> Iterator[Compose]:
    if not _named(request.config):
        pytest.skip("containers run only when named: make test T=tests/system/containers")
    if why := missing():
        pytest.skip(why)
    project = Compose("stolentee-tests", RATE_LIMIT_API="0", RATE_LIMIT_UPLOADS="0")
    try:
        project.run("up", "--build", "--wait")
        yield project
    finally:
        project.run("--profile", "*", "down", "--volumes", "--remove-orphans")
