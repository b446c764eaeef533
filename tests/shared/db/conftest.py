"""A database of the test's own, reached the way services reach it."""

from collections.abc import Iterator

import pytest

from shared.db.pool import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open pool, wide enough for the tests that work with many at once."""
    database = Database(database_url, pool_max=10)
    database.open()
    yield database
    database.close()
