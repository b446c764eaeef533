"""Packages of npm for tests that run programs of Node."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TIMEOUT_S = 300
_QUIETLY = ("--ignore-scripts", "--no-audit", "--no-fund")
_UNREACHABLE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E40[34])\b")


def install(folder: Path, command: str = "ci", *options: str) -> None:
    """Install what the folder's package.json names; skips the test without node, npm or a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not on this machine")
    words = ("npm", command, *_QUIETLY, *options)
    said = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    if said.returncode and _UNREACHABLE.search(said.stderr):
        pytest.skip("no registry of npm packages can be reached")
    assert said.returncode == 0, said.stderr
