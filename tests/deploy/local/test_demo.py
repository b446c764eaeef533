"""`make demo` uses the running system, and leaves what a shop needs beside the cut-out."""

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from deploy.local import ports
from deploy.local.api_client import SAMPLE
from tests.deploy.local.processes import running_with
from tests.stack import RunningStack

ROOT = Path(__file__).parents[3]


def _demo(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORT": str(port), "DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "deploy.local.demo", str(SAMPLE), str(folder / "cut.png")]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_what_a_shop_needs_lies_beside_the_cut_out(stack: RunningStack, tmp_path: Path) -> None:
    done = _demo(tmp_path, stack.settings.api_port)
    assert done.returncode == 0, done.stdout
    assert "Starting" not in done.stdout
    assert "points of 100" in done.stdout
    assert "none:" not in done.stdout
    assert (tmp_path / "cut.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "cut-print.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "cut-cutline.svg").read_text().count('id="CutContour"') == 1
    with Image.open(tmp_path / "cut-tshirt.webp") as mockup:
        assert mockup.size == (1200, 1200)


def test_a_start_that_is_refused_is_not_announced(open_folder: Path) -> None:
    folder = open_folder / "refused"
    folder.mkdir(mode=0o711)
    with running_with(folder):
        done = _demo(folder, ports.free())
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert "is in use by process" in done.stdout
