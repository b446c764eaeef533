"""A caller of remove.bg's API waits through whatever dies behind it, and gets every kind of file."""

import io
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from zipfile import ZipFile

import pytest
import requests
from PIL import Image

from deploy.local.api_client import SAMPLE
from tests.stack import TIMEOUT_S, RunningStack

Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(system: RunningStack, admin_key: str) -> Ask:
    """Send the sample with these fields, and wait for the answer."""

    def send(**fields: str) -> requests.Response:
        files, headers = {"image_file": SAMPLE.read_bytes()}, {"X-Api-Key": admin_key}
        address = f"{system.address}/v1.0/removebg"
        return requests.post(address, files=files, data=fields, headers=headers, timeout=2 * TIMEOUT_S)

    return send


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_each_format_is_one_that_other_programs_read(ask: Ask) -> None:
    webp = ask(format="webp", bg_color="81d4fa")
    assert (webp.status_code, webp.headers["Content-Type"]) == (200, "image/webp")
    assert _opened(webp.content).mode == "RGB"
    zipped = ask(format="zip")
    with ZipFile(io.BytesIO(zipped.content)) as files:
        colour, alpha = (_opened(files.read(name)) for name in ("color.jpg", "alpha.png"))
        assert files.namelist() == ["color.jpg", "alpha.png"]
    assert (colour.mode, alpha.mode, colour.size) == ("RGB", "L", alpha.size)
    assert (zipped.headers["X-Width"], zipped.headers["X-Height"]) == tuple(map(str, alpha.size))


def _await_running(system: RunningStack, key: str) -> None:
    until = time.monotonic() + TIMEOUT_S
    while True:
        listed = requests.get(f"{system.address}/api/jobs", headers={"X-Api-Key": key}, timeout=TIMEOUT_S).json()
        if [job["status"] for job in listed["items"]] == ["running"]:
            return
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["rembg", "worker"])
def test_a_process_that_dies_costs_the_caller_time_only(
    system: RunningStack, ask: Ask, admin_key: str, name: str
) -> None:
    system.freeze("rembg")  # so that the job is certainly running
    with ThreadPoolExecutor(1) as threads:
        answer: Future[requests.Response] = threads.submit(ask, size="full", shadow_type="drop", scale="50%")
        _await_running(system, admin_key)
        system.kill(name)
        system.thaw("rembg")
        system.bring(name)
        response = answer.result()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/png")
