"""Published clients of remove.bg, unchanged, against the running system: pictures sent in three ways, and refusals."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from deploy.local.api_client import SAMPLE
from deploy.local.supervisor import await_ready
from services.api import keys
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope
from tests import npm as packages
from tests.services.api.sources import Source, page, serving
from tests.stack import RunningStack
from tests.system.openapi.conftest import APP
from tests.system.removebg_clients.relay import relaying

HERE = Path(__file__).parent
_UNITS = 40  # megapixels a minute
TITLES = {402: "Insufficient credits", 403: "API Key invalid", 429: "Rate limit exceeded"}
Call = Callable[[str, int | None], dict[str, Any]]  # a client, and the refusal that its key leads to


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both clients for Node."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "redirect.js", "npm_calls.js", "removd_calls.js"):
        shutil.copy(HERE / name, folder)
    packages.install(folder, "install", "--no-package-lock")
    return folder


@pytest.fixture(scope="module")
def pypi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client for Python, beside the packages of this one."""
    folder = tmp_path_factory.mktemp("pypi")
    command = (sys.executable, "-m", "pip", "install", "--no-deps", "--target", ".", "removebg==0.4")
    said = _run(folder, {}, *command)
    if said.returncode and "No matching distribution" in said.stderr:
        pytest.skip("no index of Python packages can be reached")
    assert said.returncode == 0, said.stderr
    for name in ("sitecustomize.py", "removebg_calls.py"):
        shutil.copy(HERE / name, folder)
    return folder


@pytest.fixture
def key(stack: RunningStack) -> Iterator[Callable[..., str]]:
    """A new API key."""
    database = Database(stack.database_url, pool_max=2)
    database.open()

    def make(credits_: int | None = None) -> str:
        secret = keys.make()
        with database.transaction() as connection:
            api_keys.add(connection, "client", Scope.PREMIUM, keys.digest(secret), credits_)
        return secret

    yield make
    database.close()


@pytest.fixture
def system(stack: RunningStack, tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The api's address for the tests, and the environment of the clients."""
    with serving(Source({"/sample.jpg": page(SAMPLE.read_bytes())})) as source:
        rate = f"{_UNITS}/m"
        api = stack.another("api", app=APP, PICTURE_PORT=str(source.port), RATE_LIMIT_MEGAPIXELS=rate)
        api.start()
        try:
            await_ready(api)
            with relaying(api.port, tmp_path) as (port, certificate):
                trusted = dict.fromkeys(("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"), str(certificate))
                picture = f"http://127.0.0.1:{source.port}/sample.jpg"
                yield f"http://127.0.0.1:{api.port}", {**trusted, "RELAY_PORT": str(port), "PICTURE": picture}
        finally:
            api.stop()


@pytest.fixture
def secret(system: tuple[str, dict[str, str]], key: Callable[..., str]) -> Callable[[int], str]:
    """A key that is answered with this status: 200, 402, 403 or 429."""

    def make(status: int) -> str:
        made = "sk_wrong" if status == 403 else key(0 if status == 402 else None)
        for _ in range(_UNITS if status == 429 else 0):
            requests.post(f"{system[0]}/v1.0/removebg", headers={"X-Api-Key": made}, timeout=30)
        return made

    return make


def _run(folder: Path, changes: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **changes}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=packages.TIMEOUT_S
    )


def _told(folder: Path, environment: Mapping[str, str], program: str, secret: str, **changes: str) -> dict[str, Any]:
    runs = sys.executable if program.endswith(".py") else "node"
    loaded = {"NODE_OPTIONS": f"--require={folder}/redirect.js", "PYTHONPATH": str(folder), **changes}
    said = _run(folder, {**environment, **loaded}, runs, program, secret, str(SAMPLE.resolve()), environment["PICTURE"])
    assert said.returncode == 0, said.stdout + said.stderr
    told: dict[str, Any] = json.loads(said.stdout)
    return told


def _is_cut_out(path: Path) -> bool:
    with Image.open(path) as picture:
        alpha = picture.convert("RGBA").getchannel("A").getextrema()
        return (picture.format, alpha) == ("PNG", (0, 255))


def test_python_s_removebg(pypi: Path, system: tuple[str, dict[str, str]], secret: Callable[[int], str]) -> None:
    _, environment = system
    ways = ("file", "base64", "url")
    assert _told(pypi, environment, "removebg_calls.py", secret(200)) == dict.fromkeys(ways, "done")
    for name in ("photo.jpg_no_bg.png", "base64.png", "url.png"):
        assert _is_cut_out(pypi / name)
    for status in TITLES:
        assert _told(pypi, environment, "removebg_calls.py", secret(status)) == dict.fromkeys(ways, status)


def test_npm_s_remove_bg(npm: Path, system: tuple[str, dict[str, str]], secret: Callable[[int], str]) -> None:
    _, environment = system
    for name, facts in _told(npm, environment, "npm_calls.js", secret(200)).items():
        assert facts["creditsCharged"] == "0.25"
        assert facts["rateLimit"] == str(_UNITS)
        assert _is_cut_out(npm / f"{name}.png")
    for status, title in TITLES.items():
        for errors in _told(npm, environment, "npm_calls.js", secret(status)).values():
            assert (errors[0]["title"], "retry_after" in errors[0]) == (title, status == 429)


def test_npm_s_removd(npm: Path, system: tuple[str, dict[str, str]], secret: Callable[[int], str]) -> None:
    _, environment = system
    good = secret(200)
    told = _told(npm, environment, "removd_calls.js", good)
    assert told.pop("account") == {"error": TITLES[403]}  # it sends the key `undefined`
    for facts in told.values():
        assert facts["charged"] in (0.25, 1)
        assert _is_cut_out(Path(facts["destination"]))
    again = _told(npm, environment, "removd_calls.js", "ignored", REMOVD_API_KEY=good)
    assert again["account"]["api"] == {"free_calls": 0, "sizes": "all"}
    for status, title in TITLES.items():
        told = _told(npm, environment, "removd_calls.js", secret(status))
        assert {facts["error"] for facts in told.values()} == {title, TITLES[403]}
