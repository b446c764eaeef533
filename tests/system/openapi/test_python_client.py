"""A Python client made of /openapi.json by openapi-python-client, with none of its settings."""

import io
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.api_client import SAMPLE
from tests.system.guest import TIMEOUT_S
from tests.system.openapi.conftest import Server

PACKAGE = "generated_stolentee"


@pytest.fixture
def package(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The generated package, ready to be imported."""
    made = tmp_path / PACKAGE
    programs = Path(sys.executable).parent  # it formats what it wrote with ruff
    words = ("generate", "--path", str(server.document), "--meta", "none", "--output-path", str(made))
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([programs / "openapi-python-client", *words], env={**os.environ, "PATH": path}, check=True)
    monkeypatch.syspath_prepend(tmp_path)
    return made


def _operation(name: str) -> Any:
    tag = "jobs" if name.startswith("jobs_") else "pictures"
    return import_module(f"{PACKAGE}.api.{tag}.{name}")


def _followed(client: Any, job_id: Any) -> Any:
    deadline = time.monotonic() + TIMEOUT_S
    while (job := _operation("jobs_show").sync(job_id, client=client)).status in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return job


def test_every_module_compiles_and_has_strict_types(package: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "compileall", "-q", package], check=True)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), PACKAGE]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    ours = [line for line in said.splitlines() if "error:" in line and not line.startswith(f"{PACKAGE}/client.py")]
    assert ours == []  # client.py is the generator's own, whatever the document


@pytest.mark.usefixtures("package")
def test_it_uploads_in_every_way_follows_the_job_and_downloads(server: Server) -> None:
    models, types = import_module(f"{PACKAGE}.models"), import_module(f"{PACKAGE}.types")
    client = import_module(PACKAGE).Client(server.address, httpx_args={"trust_env": False})

    def file() -> Any:
        return types.File(io.BytesIO(SAMPLE.read_bytes()), SAMPLE.name, "image/jpeg")

    with client:
        form = models.CutoutForm(file=file(), method=models.Method.NETWORK, decontaminate=False)
        sent = _operation("cutouts_create").sync_detailed(client=client, body=form)
        accepted = sent.parsed
        assert (sent.status_code, sent.headers["Location"]) == (202, accepted.status_url)
        by_body = _operation("assets_upload").sync(client=client, body=file())
        by_url = _operation("assets_upload").sync(client=client, body=models.LinkedPicture(image_url=server.picture))
        assert by_body.id == by_url.id == accepted.asset_id
        job = _followed(client, accepted.id)
        assert (job.status, job.result.method) == ("done", "network")
        assert "event: status" in _operation("jobs_follow").sync(accepted.id, client=client)
        key, grant = job.result.cutout_url.split("/")[-2:]
        download = _operation("assets_download").sync_detailed
        whole = download(key, grant, client=client)
        assert (whole.status_code, len(whole.content)) == (200, job.result.bytes_)
        assert download(key, grant, client=client, range_="bytes=1-3").content == b"PNG"
        assert download(key, grant, client=client, if_none_match=whole.headers["ETag"]).status_code == 304
        kept = _operation("assets_page").sync(client=client, limit=100).items
        assert {by_url.id, job.result.asset_id} <= {asset.id for asset in kept}


@pytest.mark.usefixtures("package")
def test_a_refusal_is_a_typed_error(server: Server) -> None:
    client = import_module(PACKAGE).Client(server.address, httpx_args={"trust_env": False})
    wanted = import_module(f"{PACKAGE}.models").NewJob(asset_id=uuid4(), type_="cutout")
    with client:
        assert _operation("jobs_create").sync(client=client, body=wanted).error.code == "not_found"
