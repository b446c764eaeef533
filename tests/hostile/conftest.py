"""A live api over a database of its own, and whether the long forms are wanted."""

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
    """How many damaged files to try: as many as are promised with `make hostile`."""
    return digests.MUTATIONS if long else 150
