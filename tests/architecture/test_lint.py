"""Rules of ours that ruff keeps: each reports a seeded violation."""

import subprocess
import sys

import pytest

from tests.architecture.rules import ROOT

API, WORKER, SHARED = "services/api/seed.py", "services/worker/seed.py", "shared/seed.py"
SEEDS = {
    "the environment read in a service": (API, "import os\nPORT = os.environ['PORT']\n", "TID251"),
    "the environment under another name": (WORKER, "from os import environ as e\nPORT = e.get('PORT')\n", "TID251"),
    "os.getenv in shared": (SHARED, "import os\nPORT = os.getenv('PORT')\n", "TID251"),
    "a module imported by a string": (
        API,
        "import importlib\nX = importlib.import_module('services.rembg.app')\n",
        "TID251",
    ),
    "a relative import": (API, "from . import app\n", "TID252"),
    "a relative import in a test": ("tests/seed.py", "from .shared import test_web\n", "TID252"),
    "a folder without __init__.py": ("tests/seed/test_seed.py", "X = 1\n", "INP001"),
    "a module named like the standard library's": ("shared/queue.py", "X = 1\n", "A005"),
    "a package named like the standard library's": ("services/api/http/__init__.py", "X = 1\n", "A005"),
}


@pytest.mark.parametrize("name", SEEDS)
def test_ruff_reports(name: str) -> None:
    path, text, rule = SEEDS[name]
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--output-format=concise",
        "--stdin-filename",
        path,
        "-",
    ]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert f" {rule} " in done.stdout
