"""The running system is the one at PORT, else that of `make run`, else that in containers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports, running_system
from deploy.local.settings import Settings
from tests.deploy.local.processes import running_with
from tests.services.api.sources import Source, page, serving


@pytest.fixture
def healthy() -> Iterator[int]:
    """The port of a server that says it is well."""
    with serving(Source({"/health/live": page(b"{}")})) as source:
        yield source.port


def _found(folder: Path, environment: pytest.MonkeyPatch, published: str, port: str = "") -> str | None:
    """The address that is found where the engine says that the front in containers is at `published`."""
    engine = folder / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(f"#!/bin/sh\n[ \"$*\" = 'compose port front 8080' ] && echo '{published}'\n")
    engine.chmod(0o755)
    environment.setenv("PATH", f"{engine.parent}:{os.environ['PATH']}")
    return running_system.address(Settings.read({"PORT": port, "DATA_DIR": str(folder)}))


@pytest.mark.parametrize(
    ("published", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::]", "127.0.0.1"), ("here", "here")],
)
def test_a_system_in_containers_is_found_by_its_published_port(
    published: str, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _found(tmp_path, monkeypatch, f"{published}:8080") == f"http://{host}:8080"


def test_a_run_comes_before_containers(healthy: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_with(tmp_path, PORT=str(healthy)):
        assert _found(tmp_path, monkeypatch, "127.0.0.1:8080") == f"http://127.0.0.1:{healthy}"


def test_a_given_port_comes_first(healthy: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_with(tmp_path, PORT=str(ports.free())):
        assert _found(tmp_path, monkeypatch, "127.0.0.1:8080", str(healthy)) == f"http://127.0.0.1:{healthy}"


def test_nothing_is_found_where_nothing_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _found(tmp_path, monkeypatch, "", str(ports.free())) is None
