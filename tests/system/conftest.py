"""The running system: each test may break it and finds it repaired."""

from collections.abc import Iterator

import pytest

from tests.stack import RunningStack
from tests.system.guest import Guest


@pytest.fixture
def system(stack: RunningStack) -> Iterator[RunningStack]:
    """Restore the system after the test."""
    yield stack
    stack.mend()


@pytest.fixture
def guest(system: RunningStack) -> Guest:
    return Guest(system.address)
