"""A mail server that tests can make fail."""

from collections.abc import Iterator

import pytest

from tests.services.api.mail.inbox import Inbox, listening


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening(Inbox()) as running:
        yield running
