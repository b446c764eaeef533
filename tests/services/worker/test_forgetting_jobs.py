"""Finished jobs and the calls made for them leave after their retention, in batches; nothing else does."""

import pytest

from services.worker import maintenance
from services.worker.maintenance import Maintenance
from shared.db import jobs, provider_calls
from shared.models.cutout import Provider
from shared.settings import Retention
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench


def _forget(bench: Bench, days: int = 90) -> int:
    return Maintenance(bench.database, bench.storage, Retention.read({"JOB_RETENTION_DAYS": str(days)})).forget_jobs()


def _finished(bench: Bench, count: int) -> list[object]:
    """Jobs that were cancelled 91 days ago."""
    made = [bench.order(pictures.png(shade=shade)) for shade in range(count)]
    with bench.database.transaction() as connection:
        for job_id in made:
            jobs.cancel(connection, OWNER, job_id)
    bench.say("update jobs set created_at = created_at - interval '91 days', finished_at = now() - interval '91 days'")
    return list(made)


def _left(bench: Bench, table: str = "jobs") -> int:
    return len(bench.say(f"select id from {table}"))


def test_jobs_that_ended_90_days_ago_are_deleted_and_their_pictures_stay(bench: Bench) -> None:
    _finished(bench, 2)
    recent = bench.order(pictures.png(shade=9))
    assert _forget(bench) == 2
    assert [row["id"] for row in bench.say("select id from jobs")] == [recent]
    assert _left(bench, "assets") == 3


def test_with_a_retention_of_0_jobs_are_kept(bench: Bench) -> None:
    _finished(bench, 1)
    assert _forget(bench, 0) == 0
    assert _left(bench) == 1


def test_an_old_job_that_runs_or_ended_lately_is_kept(bench: Bench) -> None:
    (ended,) = _finished(bench, 1)
    bench.say("update jobs set finished_at = now() - interval '89 days' where id = %s", ended)
    waiting = bench.order(pictures.png(shade=9))
    bench.say("update jobs set created_at = now() - interval '91 days' where id = %s", waiting)
    assert _forget(bench) == 0
    assert _left(bench) == 2


def test_a_run_deletes_a_bounded_number_in_batches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "AT_ONCE", 2)
    monkeypatch.setattr(maintenance, "BATCHES", 2)
    _finished(bench, 5)
    assert [_forget(bench) for _ in range(3)] == [4, 1, 0]


def test_calls_of_providers_are_kept_as_long_as_their_job(bench: Bench) -> None:
    bench.order()
    with bench.database.transaction() as connection:
        provider_calls.begin(connection, bench.claim(), Provider.REMOVEBG, 1, 0, 0)
    bench.say("update provider_calls set started_at = now() - interval '91 days'")
    assert _forget(bench) == 0
    bench.say("delete from jobs")
    assert _forget(bench) == 1
    assert _left(bench, "provider_calls") == 0


def test_mails_are_deleted_30_days_after_they_were_queued(bench: Bench) -> None:
    for number, days in enumerate((31, 29)):
        bench.say(
            """insert into mails (id, once, recipient, template, facts, expires_at, created_at)
            values (gen_random_uuid(), %s, 'ann@mail.example', 'reset', '{}', now(), now() - %s * interval '1 day')""",
            f"reset:{number}",
            days,
        )
    assert Maintenance(bench.database, bench.storage, Retention()).forget_mails() == 1
    assert [row["once"] for row in bench.say("select once from mails")] == ["reset:1"]
