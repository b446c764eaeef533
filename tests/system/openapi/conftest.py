"""An api that fetches the sample from this machine, and its document."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from deploy.local import ports
from deploy.local.api_client import SAMPLE
from deploy.local.supervisor import await_ready
from tests.services.api.sources import Source, page, serving
from tests.stack import RunningStack

APP = "tests.system.openapi.wsgi:app"


@dataclass(frozen=True, slots=True)
class Server:
    """`picture` is the sample's URL, `document` the file of its /openapi.json."""

    address: str
    picture: str
    document: Path


@pytest.fixture
def server(system: RunningStack, tmp_path: Path) -> Iterator[Server]:
    document = tmp_path / "openapi.json"
    with serving(Source({"/sample.jpg": page(SAMPLE.read_bytes())})) as source:
        api = system.another(
            "api", app=APP, PICTURE_PORT=str(source.port), QUOTA_STORED_MB="0", QUOTA_UNFINISHED_JOBS="0"
        )
        api.start()
        try:
            await_ready(api)
            address = f"http://{ports.LOCAL}:{api.port}"
            document.write_bytes(requests.get(f"{address}/openapi.json", timeout=10).content)
            yield Server(address, f"http://{ports.LOCAL}:{source.port}/sample.jpg", document)
        finally:
            api.stop()
