"""Webhooks of a real worker process: kill -9 after a delivery, and slow receivers beside cut-outs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.models.job import JobState
from tests.services.worker.conftest import Bench
from tests.services.worker.webhooks.conftest import OWNER, Outbox, secret_of
from tests.services.worker.webhooks.receiver import Receiver

_ROOT = Path(__file__).parents[4]
_COMMAND = ("-m", "celery", "-A", "services.worker.app", "worker")
_QUIETLY = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@contextmanager
def _started(port: int, **changes: str) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [sys.executable, *_COMMAND, *_QUIETLY],
        cwd=_ROOT,
        env={**os.environ, "WORKER_PORT": str(port), "BIND_HOST": "127.0.0.1", **changes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_a_killed_worker_had_delivered_comes_again_and_slow_receivers_hold_no_cut_out_up(
    environment: pytest.MonkeyPatch, bench: Bench, outbox: Outbox, receiver: Receiver, free_port: int
) -> None:
    for name, value in (
        ("DATA_DIR", str(bench.objects.parent)),
        ("REMBG_ENDPOINT", bench.rembg.url),
        ("SECRET_KEY", "a secret of the tests, long enough"),
        ("WEBHOOKS_ALLOW_LOOPBACK", "true"),
    ):
        environment.setenv(name, value)
    endpoint = outbox.register(receiver.url())
    (message_id,) = outbox.add(endpoint)
    with _started(free_port, FAILPOINT="h1:exit", TESTING="1") as victim:
        _until(lambda: victim.poll() is not None)
        assert victim.returncode == -signal.SIGKILL
    assert receiver.ids() == [message_id]
    assert outbox.states() == {"pending": 1}
    outbox.pass_time(120)  # instead of waiting for the lease to end

    for number in range(4):
        outbox.add(outbox.register(receiver.url("/slow"), owner=OWNER), 4 + number)
    with _started(free_port):
        _until(lambda: receiver.ids() == [message_id] * 2)
        job_id = bench.order(owner=OWNER)
        _until(lambda: bench.job(job_id).status is JobState.DONE)
        assert len(receiver.ids("/slow")) >= 12, "the receivers that hold on are being called"
        assert not receiver.go.is_set()
        _until(lambda: outbox.states().get("delivered", 0) >= 1)
    first, second = (one for one in receiver.received if one.path == "/hooks")
    assert first.body == second.body
    assert first.verified(secret_of(endpoint)) == second.verified(secret_of(endpoint))
