"""A live api with a database of its own, and the number of damaged files."""

import sys
from collections.abc import Iterator

import pytest

from tests.hostile import digests
from tests.hostile.live import Live
from tests.services import conftest
from tests.services.api.served import Served

bare_environment, environment = conftest.bare_environment, conftest.environment


@pytest.fixture
def live(environment: pytest.MonkeyPatch, free_port: int) -> Iterator[Live]:
    if sys.platform != "linux":
        pytest.skip("only Linux tells what each process costs")
    server = Served(free_port)
    made = Live(server)
    yield made
    made.close()
    server.stop()


@pytest.fixture
def mutations_wanted(long: bool) -> int:
    """Return the number of damaged files: all of them with `make hostile`."""
    return digests.MUTATIONS if long else 150
