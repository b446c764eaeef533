"""The api with a real service that draws mock-ups, which the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.services.api.conftest import Api, Start
from tests.services.worker.mockups.served import TOKEN, MockupProcess


@pytest.fixture(scope="session")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockupProcess]:
    served = MockupProcess(tmp_path_factory.mktemp("mockups"))
    yield served
    served.stop()


@pytest.fixture
def api(start: Start, environment: pytest.MonkeyPatch, drawing: MockupProcess) -> Api:
    environment.setenv("DATA_DIR", str(drawing.data))
    environment.setenv("MOCKUPS_ENDPOINT", drawing.url)
    environment.setenv("MOCKUPS_TOKEN", TOKEN)
    return start()
