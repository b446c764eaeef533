"""Without rembg nothing is refused or lost: jobs wait without using up attempts."""

import pytest

from tests.stack import RunningStack
from tests.system.guest import Guest


@pytest.mark.parametrize("way", ["halt", "kill"])
def test_a_job_waits_for_rembg_and_runs_when_it_is_back(way: str, system: RunningStack, guest: Guest) -> None:
    getattr(system, way)("rembg")
    job_id = guest.accepted()
    system.wait_for_log("job_postponed", job_id)
    assert guest.job(job_id)["status"] in ("queued", "running")
    system.bring("rembg")
    assert guest.eventually(job_id, "done")["attempts"] == 1


def test_the_api_stays_ready_and_reports_that_rembg_is_down(system: RunningStack, guest: Guest) -> None:
    system.halt("rembg")
    system.eventually_ready("degraded", "rembg", "down")
    system.bring("rembg")
    system.eventually_ready("ok", "rembg", "ok")


def test_a_rembg_that_dies_during_a_job_loses_none(system: RunningStack, guest: Guest) -> None:
    system.freeze("rembg")
    job_id = guest.accepted()
    guest.eventually(job_id, "running")
    system.kill("rembg")
    system.bring("rembg")
    assert guest.eventually(job_id, "done")["result"]["model"] == "compact"
