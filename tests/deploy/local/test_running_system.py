"""The running system is the one at PORT, else that of `make run`, else that in containers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import ports, running_system
from deploy.local.settings import Settings
from tests.deploy.local.processes import running_with
from tests.services.api.sources import Source, page, serving

ROOT = Path(__file__).parents[3]


@pytest.fixture
def healthy() -> Iterator[int]:
    """The port of a server that says it is well."""
    with serving(Source({"/health/live": page(b"{}")})) as source:
        yield source.port


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the engine say that the front in containers is at this address; empty: that none runs."""

    def says(published: str) -> None:
        docker = tmp_path / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(f"#!/bin/sh\n[ \"$*\" = 'compose port front 8080' ] && echo '{published}'\n")
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")

    return says


def _serving(folder: Path, port: str = "") -> str:
    return str(running_system.serving(Settings.read({"PORT": port, "DATA_DIR": str(folder)})))


def _status(folder: Path, port: str = "") -> int:
    command = [sys.executable, "-m", "deploy.local.running_system"]
    environment = os.environ | {"PORT": port, "DATA_DIR": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("published", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::]", "127.0.0.1"), ("here", "here")],
)
def test_a_system_in_containers_is_found_by_its_published_port(
    published: str, host: str, tmp_path: Path, engine: Callable[[str], None]
) -> None:
    engine(f"{published}:8080")
    assert _serving(tmp_path) == f"the containers at http://{host}:8080"


def test_a_run_comes_before_containers(healthy: int, tmp_path: Path, engine: Callable[[str], None]) -> None:
    engine("127.0.0.1:8080")
    with running_with(tmp_path, PORT=str(healthy)):
        assert _serving(tmp_path) == f"`make run` at http://127.0.0.1:{healthy}"


def test_a_given_port_comes_first(healthy: int, tmp_path: Path, engine: Callable[[str], None]) -> None:
    engine("127.0.0.1:8080")
    with running_with(tmp_path, PORT=str(ports.free())):
        assert _serving(tmp_path, str(healthy)) == f"the system at http://127.0.0.1:{healthy}"
        assert _serving(tmp_path, "8080") == "the containers at http://127.0.0.1:8080"


def test_nothing_is_found_where_nothing_answers(tmp_path: Path, engine: Callable[[str], None]) -> None:
    engine("")
    assert _serving(tmp_path, str(ports.free())) == "None"


def test_commands_go_to_containers_by_the_same_rule(tmp_path: Path, engine: Callable[[str], None]) -> None:
    engine("127.0.0.1:8080")
    with running_with(tmp_path, PORT="8010"):
        assert [_status(tmp_path, port) for port in ("", "8010", "8080", "8090")] == [1, 1, 0, 1]
    assert [_status(tmp_path, port) for port in ("", "8010", "8080")] == [0, 1, 0]
