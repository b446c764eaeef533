"""Types made of /openapi.json by openapi-typescript: a program (flow.ts) that compiles with them, and runs."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.local.api_client import SAMPLE
from tests import npm
from tests.system.openapi.conftest import Server

HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The program with its packages, which the lock pins; skipped without node, npm or a registry."""
    made = tmp_path / "flow"
    made.mkdir()
    for name in ("flow.ts", "package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(HERE / name, made)
    npm.install(made, "ci", "--cache", str(tmp_path / "npm"))
    return made


def _run(folder: Path, *command: str | Path) -> str:
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=npm.TIMEOUT_S)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_a_program_with_its_types_compiles_and_cuts_a_picture_out(server: Server, folder: Path) -> None:
    programs = folder / "node_modules/.bin"
    options = ("--default-non-nullable=false", "-o", "schema.d.ts")  # what has a default may be left out
    _run(folder, programs / "openapi-typescript", server.document, *options)
    _run(folder, programs / "tsc", "-p", ".")
    said = json.loads(_run(folder, "node", "out/flow.js", server.address, SAMPLE.resolve(), server.picture))
    assert said == {
        "location": True,
        "sameAsset": True,
        "status": "done",
        "events": True,
        "bytes": True,
        "part": 3,
        "unchanged": 304,
        "refused": "not_found",
    }
