"""`make demo` uses the system that runs: the one at PORT, else that of `make run`, else that in containers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from deploy.local import ports
from deploy.local.api_client import SAMPLE
from tests.deploy.local.processes import running_with
from tests.stack import RunningStack

ROOT = Path(__file__).parents[3]


def _demo(folder: Path, published: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it where the engine says that the front in containers is at `published`."""
    engine = folder / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(f"#!/bin/sh\n[ \"$*\" = 'compose port front 8080' ] && echo '{published}'\n")
    engine.chmod(0o755)
    own = {"PATH": f"{engine.parent}:{os.environ['PATH']}", "PORT": "", "DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "deploy.local.demo", str(SAMPLE), str(folder / "cut.png")]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **own, **environment}, capture_output=True, text=True, check=False
    )


def _used_a_running_system(done: subprocess.CompletedProcess[str], folder: Path) -> bool:
    assert done.returncode == 0, done.stdout
    return "Starting" not in done.stdout and (folder / "cut.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_system_in_containers_is_found_by_its_published_port(host: str, stack: RunningStack, tmp_path: Path) -> None:
    assert _used_a_running_system(_demo(tmp_path, f"{host}:{stack.settings.api_port}"), tmp_path)


def test_a_run_comes_before_containers(stack: RunningStack, tmp_path: Path) -> None:
    with running_with(tmp_path, PORT=str(stack.settings.api_port)):
        assert _used_a_running_system(_demo(tmp_path, f"127.0.0.1:{ports.free()}"), tmp_path)


def test_a_given_port_comes_first(stack: RunningStack, tmp_path: Path) -> None:
    with running_with(tmp_path, PORT=str(ports.free())):
        done = _demo(tmp_path, f"127.0.0.1:{ports.free()}", PORT=str(stack.settings.api_port))
    assert _used_a_running_system(done, tmp_path)


def test_what_a_shop_needs_lies_beside_the_cut_out(stack: RunningStack, tmp_path: Path) -> None:
    done = _demo(tmp_path, "", PORT=str(stack.settings.api_port))
    assert "points of 100" in done.stdout
    assert "none:" not in done.stdout
    assert (tmp_path / "cut-print.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "cut-cutline.svg").read_text().count('id="CutContour"') == 1
    with Image.open(tmp_path / "cut-tshirt.webp") as mockup:
        assert mockup.size == (1200, 1200)


def test_a_start_that_is_refused_is_not_announced(open_folder: Path) -> None:
    folder = open_folder / "refused"
    folder.mkdir(mode=0o711)
    with running_with(folder):
        done = _demo(folder, "", PORT=str(ports.free()))
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert "is in use by process" in done.stdout
