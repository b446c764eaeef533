"""A worker may die at any moment: once its lease expires, another one finishes its job."""

from tests.stack import RunningStack
from tests.system.guest import Guest


def test_a_job_waits_for_a_worker(system: RunningStack, guest: Guest) -> None:
    system.halt("worker")
    job_id = guest.accepted()
    system.bring("worker")
    assert guest.eventually(job_id, "done")["attempts"] == 1


def test_the_job_of_a_killed_worker_is_run_again(system: RunningStack, guest: Guest) -> None:
    system.freeze("rembg")  # so that the job is certainly running
    job_id = guest.accepted()
    guest.eventually(job_id, "running")
    system.kill("worker")
    system.thaw("rembg")
    system.bring("worker")
    assert guest.eventually(job_id, "done")["attempts"] == 2


def test_a_worker_asked_to_stop_finishes_its_job_first(system: RunningStack, guest: Guest) -> None:
    system.freeze("rembg")
    job_id = guest.accepted()
    guest.eventually(job_id, "running")
    system.thaw_soon("rembg")
    system.halt("worker")
    assert (guest.job(job_id)["status"], guest.job(job_id)["attempts"]) == ("done", 1)
