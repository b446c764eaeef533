"""Without Postgres no job can be recorded, so callers are told to retry."""

from tests.stack import RunningStack
from tests.system.guest import Guest


def test_an_upload_is_refused_with_retry_after_and_succeeds_later(system: RunningStack, guest: Guest) -> None:
    system.kill("postgres")
    refused = guest.send()
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    system.bring("postgres")
    system.eventually_ready("ok", "database", "ok")
    guest.eventually(guest.accepted(patient=True), "done")


def test_a_running_job_is_finished_after_postgres_is_back(system: RunningStack, guest: Guest) -> None:
    system.freeze("rembg")
    job_id = guest.accepted()
    guest.eventually(job_id, "running")
    system.halt("postgres")
    system.thaw("rembg")
    system.bring("postgres")
    system.eventually_ready("ok", "database", "ok")
    guest.eventually(job_id, "done")
