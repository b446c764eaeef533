"""schemathesis: thousands of valid and invalid requests made of /openapi.json, judged by all its checks.

`--long` makes 200 examples an operation instead of a few, covers every field in all ways instead of one of a kind, and
lets either call the other's operations too.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from deploy.local.api_client import SAMPLE
from tests.system.openapi.conftest import Server

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
_OWN = {  # each caller's operations; that a guest is refused an admin's is shown for each route elsewhere
    "guest": ("--exclude-path-regex", "^/api/admin/"),
    "admin": ("--include-path-regex", "^/api/admin/", "--phases", "examples,coverage,fuzzing"),
}


def _guest(server: Server) -> str:
    sent = requests.post(f"{server.address}/api/uploads", files={"file": SAMPLE.read_bytes()}, timeout=20)
    return sent.headers["X-Session-Token"]


@pytest.mark.parametrize("caller", ["guest", "admin"])
def test_no_request_finds_a_fault(server: Server, admin_key: str, caller: str, long: bool, tmp_path: Path) -> None:
    token = _guest(server) if caller == "guest" else admin_key
    environment = {"API_ADDRESS": server.address, "API_TOKEN": token, "PICTURE_URL": server.picture, "NO_COLOR": "1"}
    environment |= {"LONG": "1"} if long else {}
    words = ("--config-file", str(CONFIGURATION), "run", f"{server.address}/openapi.json")
    options = (
        "--checks",
        "all",
        "--max-examples",
        "200" if long else "3",
        "--header",
        f"Authorization: Bearer {token}",
        *(() if long else _OWN[caller]),
    )
    command = (sys.executable, "-m", "schemathesis.cli", *words, *options)
    root = Path(__file__).parents[3]
    environment = {**os.environ, **environment, "PYTHONPATH": str(root)}
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    print(said.stdout[-20_000:], said.stderr[-2_000:])
    assert said.returncode == 0
    assert re.search(r"\d+ generated", said.stdout)
