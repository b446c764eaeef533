"""A picture deleted while its job runs is not published."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import requests

from services.worker.providers.provider_order import side
from services.worker.providers.router import FETCHED
from tests.chaos.crowd import Crowd, a_guest
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System

PERCENT = 50


def test_a_picture_deleted_while_its_job_runs_is_not_published(system: System, crowd: Crowd) -> None:
    with a_guest() as guest:
        with _stuck(system):
            job_id = _sent(crowd, guest)
            url = f"{system.stack.address}/api/jobs/{job_id}"
            await_true(lambda: _get(guest, url)["progress"] == FETCHED, 15, lambda: "it does not run")
            deleted = guest.delete(f"{system.stack.address}/api/assets/{_get(guest, url)['assetId']}", timeout=5)
            assert deleted.status_code == 204
            system.leavings += 3  # the cut-out, its preview and mask are stored before their rows are refused
        assert_settled(system, crowd, 40)
        assert _get(guest, url)["status"] == "cancelled"
        again = guest.post(f"{url}/retry", timeout=5)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "source_missing")
    with system.database() as connection:
        assert connection.execute("select id from assets where job_id = %s", [job_id]).fetchall() == []


@contextmanager
def _stuck(system: System) -> Iterator[None]:
    """Rembg works on pictures without an end."""
    rembg = system.stack.process("rembg")
    rembg.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        rembg.signal(signal.SIGCONT)


def _sent(crowd: Crowd, guest: requests.Session) -> UUID:
    """A job for rembg."""
    while True:
        job_id = crowd.send(guest=guest)
        assert job_id
        if side(job_id) < PERCENT:
            return job_id


def _get(guest: requests.Session, url: str) -> dict[str, Any]:
    job: dict[str, Any] = guest.get(url, timeout=5).json()
    return job
