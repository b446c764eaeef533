"""Migrations 0012 and 0013 take over a queue in use, and workers of the release before go on beside this one."""

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest

from shared import errors
from shared.db import ids, job_queue, jobs, migrate
from shared.db.pool import Database
from shared.models.job import JobFailure
from tests.shared.db import fair_order, migrating
from tests.shared.db.rows import TIMINGS, owner, run

_BEFORE = "0011"
_ADD = """
    insert into jobs (id, owner_type, user_id, type, asset_id, status, attempts, lease_until, run_after)
    select gen_random_uuid(), 'guest', 'u' || n %% 7, 'cutout', md5('u' || n %% 7 || ' ' || n %% 70)::uuid, 'queued',
        case when n %% 11 = 0 then 3 else n %% 3 end, null, now() + (n %% 5 - 3) * interval '1 minute'
    from generate_series(1, %s) n
"""
_RUN = """
    update jobs set status = 'running', attempts = attempts + 1,
        lease_until = now() + (hashtext(id::text) %% 2) * interval '1 minute'
    where id in (select distinct on (asset_id) id from jobs where status = 'queued' order by asset_id, id limit %s)
"""


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A database of the release before, with jobs in every state."""
    migrating.to(database_url, _BEFORE, tmp_path)
    with psycopg.connect(database_url) as connection:
        connection.execute(_ADD, [300])
        connection.execute(_RUN, [40])
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, pool_max=12)
    database.open()
    yield database
    database.close()


def _claim_and_fail_as_before(database: Database) -> None:
    with database.transaction() as connection:
        job = fair_order.claim_as_before(connection)
    if job:
        run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)


def test_jobs_are_enrolled_as_they_are(url: str, database: Database) -> None:
    migrate.migrate(url)
    assert run(database, fair_order.wrong) == []
    states = {row["claim_state"] for row in _say(database, "select claim_state from jobs")}
    assert states == {"ready", "later", "claimed", "exhausted"}
    assert not _say(database, "select id from jobs where claim_state is null")


def test_workers_of_the_release_before_go_on_during_the_migration(url: str, database: Database) -> None:
    with migrating.meanwhile(lambda: _claim_and_fail_as_before(database), 4):
        migrate.migrate(url)
    assert run(database, fair_order.wrong) == []
    assert not _say(database, "select id from jobs where claim_state is null and status in ('queued', 'running')")


def test_the_next_change_of_a_job_enrols_it(url: str, database: Database, tmp_path: Path) -> None:
    for path in migrate.FOLDER.glob("0012*.sql"):
        shutil.copy(path, tmp_path)
    migrate.migrate(url, tmp_path)
    assert not _say(database, "select from claim_job(60, null, true)")
    with database.transaction() as connection:
        job = fair_order.claim_as_before(connection)
    assert job
    assert _say(database, "select claim_state from jobs where id = %s", job.id) == [{"claim_state": "claimed"}]
    assert _say(database, "select running, waiting from owner_queues") == [{"running": 1, "waiting": 0}]


def _any_change(database: Database, chance: random.Random, *, before: bool) -> None:
    """One of what workers and owners do, of a few owners and pictures."""
    what = chance.choice(["create", "create", "claim", "claim", "claim", "cancel", "release", "sweep", "renew"])
    if what == "create":
        of = f"u{chance.randrange(4)}"
        run(database, jobs.create, ids.new(), owner(of), uuid5(UUID(int=0), f"{of} {chance.randrange(6)}"))
    elif what == "claim" and before:
        _claim_and_fail_as_before(database)
    elif what == "claim":
        if job := run(database, job_queue.claim_next, chance.choice([60, 0.01])):
            run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)
    elif what == "sweep":
        run(database, job_queue.wake_due)
        run(database, job_queue.fail_exhausted)
    elif row := _say(database, "select id from jobs where status = 'running' or random() < 0.1 limit 1"):
        _change(database, row[0]["id"], what)


def _change(database: Database, job_id: UUID, what: str) -> None:
    job = run(database, jobs.find, None, job_id)
    assert job
    if what == "cancel":
        run(database, jobs.cancel, None, job_id)
    elif what == "release":
        run(database, job_queue.release, job, 0.01, counts=False)
    else:
        run(database, job_queue.renew, [(job.id, job.fence)], 0.05)


@pytest.mark.parametrize("beside_old", [False, True])
def test_queues_stay_right_under_many_writers(url: str, database: Database, beside_old: bool) -> None:
    """A claim of this release and one of the release before may deadlock over a picture; one is then tried again."""
    migrate.migrate(url)

    def write(number: int) -> None:
        chance = random.Random(number)
        for _ in range(60):
            with suppress(*([errors.Unavailable] if beside_old else [])):
                _any_change(database, chance, before=beside_old and number % 2 == 0)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    _say(database, "update jobs set wakes_at = null where claim_state = 'blocked'")  # a minute later
    assert run(database, fair_order.wrong) == []
    _say(database, "update jobs set run_after = now() where status = 'queued'")
    _say(database, "update jobs set lease_until = now() - interval '1 s' where status = 'running'")
    run(database, job_queue.fail_exhausted)
    while job := run(database, job_queue.claim_next, 60):
        run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)
    assert _say(database, "select * from owner_queues") == []
    assert not _say(database, "select id from jobs where status in ('queued', 'running')")


def _say(database: Database, statement: str, *values: object) -> list[dict[str, Any]]:
    with database.transaction() as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []
