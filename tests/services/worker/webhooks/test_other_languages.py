"""Webhooks of an hour's outage, verified by the public library for Node."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.worker.webhooks.delivery import Delivery
from tests import npm
from tests.services.worker.webhooks.conftest import Outbox, secret_of
from tests.services.worker.webhooks.outage import outlast
from tests.services.worker.webhooks.receiver import Received, Receiver

_PROGRAM = Path(__file__).parent / "node"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder of the program with its packages, which the lock pins; skipped without node, npm or a registry."""
    folder = tmp_path / "verifier"
    shutil.copytree(_PROGRAM, folder)
    npm.install(folder, "ci", "--cache", str(tmp_path / "npm"))
    return folder


def _verified(program: Path, secret: bytes, received: list[Received]) -> Any:
    requests = [{"headers": dict(one.headers), "body": one.body.decode()} for one in received]
    told = json.dumps({"secret": f"whsec_{base64.b64encode(secret).decode()}", "requests": requests})
    said = subprocess.run(
        ["node", "verify.mjs"],
        cwd=program,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=npm.TIMEOUT_S,
    )
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_every_event_of_an_outage_arrives_and_verifies(
    program: Path, outbox: Outbox, receiver: Receiver, delivery: Delivery, long: bool
) -> None:
    endpoint = outbox.register(receiver.url())
    count = 1000 if long else 10
    arrived = outlast(outbox, receiver, delivery, endpoint, count)
    said = _verified(program, secret_of(endpoint), arrived)
    assert sorted(one["data"]["number"] for one in said) == [*range(count)]
    forged = [Received(one.path, {**one.headers, "webhook-id": "another"}, one.body) for one in arrived[:1]]
    with pytest.raises(AssertionError, match="No matching signature"):
        _verified(program, secret_of(endpoint), forged)
