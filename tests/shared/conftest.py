"""S3 servers shared by the tests of shared/."""

from collections.abc import Iterator

import pytest

from shared import settings
from tests.shared import buckets


@pytest.fixture(scope="session")
def moto() -> Iterator[settings.Storage]:
    """S3 that shows what arrived and checks no signature."""
    with buckets.moto() as given:
        yield given


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Storage]:
    """S3 that checks signatures."""
    with buckets.rclone(tmp_path_factory.mktemp("rclone")) as given:
        yield given
