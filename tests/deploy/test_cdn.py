"""Pictures behind a CDN: a shared cache keeps none of them, so none outlives its deletion."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.local import ports
from deploy.local.supervisor import await_ready
from tests.deploy.cdn import Cdn
from tests.deploy.front import Deployment
from tests.services import pictures


@pytest.fixture(scope="module")
def cdn(deployment: Deployment, open_folder: Path) -> Iterator[str]:
    """The CDN's address."""
    running = Cdn(open_folder / "cdn", ports.free(), deployment.address)
    running.start()
    await_ready(running)
    yield f"http://{ports.LOCAL}:{running.port}"
    running.stop()


@pytest.fixture
def guest() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_a_deleted_picture_is_gone_behind_a_cdn_as_well(cdn: str, guest: requests.Session) -> None:
    asset = guest.post(f"{cdn}/api/uploads", files={"file": ("a.png", pictures.png())}).json()
    sizes = ("", "?w=400", "?download=1")
    for size in sizes:
        shown = [guest.get(f"{cdn}{asset['url']}{size}") for _ in range(2)]
        assert [answer.status_code for answer in shown] == [200, 200]
        assert [answer.headers["X-Cache"] for answer in shown] == ["MISS", "MISS"]  # the second might have been a HIT
    assert guest.delete(f"{cdn}/api/assets/{asset['id']}").status_code == 204
    assert [guest.get(f"{cdn}{asset['url']}{size}").status_code for size in sizes] == [404] * 3
