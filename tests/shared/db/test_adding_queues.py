"""Migration 0015 gives a queue in use its queues, while workers of the release before go on beside this one."""

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import DatatypeMismatch

from shared.db import ids, job_queue, jobs, migrate
from shared.db.pool import Database
from shared.models.job import JobFailure
from tests.shared.db import fair_order, migrating
from tests.shared.db.rows import TIMINGS, owner, run

_CREATE = "insert into jobs (id, owner_type, user_id, type, asset_id) values (%s, 'guest', %s, 'cutout', %s)"
_CLAIM = "select id, fence, type from claim_job(60, array['cutout'], true)"
_END = """
    update jobs
    set status = 'failed', lease_until = null, finished_at = now(), error_code = 'poison', error_message = ''
    where id = %s and fence = %s and status = 'running'
"""
_SWEEP = "select sum(waiting) as waiting, (select min(created_at) from jobs where status = 'queued') from owner_queues"


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A database of the release before, with waiting jobs."""
    migrating.to(database_url, "0014", tmp_path)
    with psycopg.connect(database_url) as connection:
        for number in range(200):
            connection.execute(_CREATE, [uuid4(), f"u{number % 7}", uuid4()])
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, pool_max=12)
    database.open()
    yield database
    database.close()


def _work_as_before(database: Database, seed: int) -> UUID | None:
    """Create, sweep, claim and end a job with the statements of the release before; the id of the ended one."""
    with database.transaction() as connection:
        connection.execute(_CREATE, [uuid4(), f"u{random.Random(seed).randrange(7)}", uuid4()])
    with database.transaction() as connection:
        if job_queue.lead_sweep(connection):
            connection.execute(_SWEEP.encode())
    job = None
    with suppress(DatatypeMismatch), database.transaction() as connection:  # it waited for the new column: its wake-up
        job = connection.execute(_CLAIM).fetchone()  # is sent again
    if job is None:
        return None
    assert job["type"] == "cutout"
    with database.transaction() as connection:
        assert connection.execute(_END, [job["id"], job["fence"]]).rowcount == 1
    return UUID(str(job["id"]))


def test_workers_of_the_release_before_create_claim_and_end_jobs_throughout(url: str, database: Database) -> None:
    numbers, ended = itertools.count(), list[UUID]()

    def work() -> None:
        if job_id := _work_as_before(database, next(numbers)):
            ended.append(job_id)

    with migrating.meanwhile(work, 6):
        assert [name for name in migrate.migrate(url) if name.startswith("0015")]
        before = len(ended)
        while len(ended) < before + 50:
            run(database, fair_order.wrong)
    assert run(database, fair_order.wrong) == []
    assert len(set(ended)) == len(ended)


def _apply(url: str, names: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for path in sorted(migrate.FOLDER.glob(f"{names}*.sql")):
            connection.execute(path.read_bytes())


def test_a_claim_that_waited_for_the_migration_takes_a_job(url: str, database: Database, tmp_path: Path) -> None:
    """It goes on with the function as it was, over the table of owners as it is then."""
    _apply(url, "0015_job")
    with psycopg.connect(url) as migrating_session, ThreadPoolExecutor(1) as thread:
        migrating_session.execute((migrate.FOLDER / "0015_owner_queues.sql").read_bytes())
        waiting = thread.submit(_work_as_before, database, 1)
        while not migrating_session.execute("select from pg_locks where not granted").fetchall():
            assert not waiting.done()
        migrating_session.commit()
        assert waiting.result(10)
    assert run(database, fair_order.wrong) == []


def test_workers_of_both_releases_share_cut_outs_and_only_new_ones_take_print_jobs(
    url: str, database: Database
) -> None:
    migrate.migrate(url)
    printing = {run(database, jobs.create, ids.new(), owner(), ids.new(), type="cutline").id for _ in range(20)}
    printed = set[UUID]()
    numbers = itertools.count()
    with migrating.meanwhile(lambda: _work_as_before(database, next(numbers)), 3):
        while printed < printing:
            job = run(database, job_queue.claim_next, 60, queues=["print", "jobs"])
            assert job
            assert run(database, job_queue.fail, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)
            printed |= {job.id} & printing
    assert run(database, fair_order.wrong) == []
