"""The running system for these tests: each may break it, and finds it whole."""

from collections.abc import Iterator

import pytest

from tests.stack import RunningStack
from tests.system.guest import Guest


@pytest.fixture
def system(stack: RunningStack) -> Iterator[RunningStack]:
    """Whatever the test takes down comes back after it."""
    yield stack
    stack.mend()


@pytest.fixture
def guest(system: RunningStack) -> Guest:
    return Guest(system.address)
