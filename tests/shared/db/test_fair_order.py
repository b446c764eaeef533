"""On random histories each claim is the one of the plain query, and the queues of owners are right after every step."""

import random
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from shared.db import job_queue, jobs
from shared.db.pool import Connection, Database
from shared.models.job import Job, JobFailure, Queue
from shared.models.owner import Owner, OwnerType
from tests.shared.db import fair_order
from tests.shared.db.rows import TIMINGS

STEPS = 120
_SPACE = UUID(int=0)
_LATER = "update jobs set run_after = now() + interval '20 s' where id = %s and status = 'queued'"
_PAST = """
    update jobs
    set lease_until = lease_until - %(s)s, run_after = run_after - %(s)s, wakes_at = wakes_at - %(s)s
    where status in ('queued', 'running')
"""


class History:
    """A queue of few owners and pictures, to which anything may happen."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection = connection
        self.random = random.Random(seed)
        self.owners = [f"u{number}" for number in range(self.random.choice([1, 3, 8]))]
        self.pictures = self.random.choice([1, 2, 50])
        self.created = 0
        self.claims = 0
        self.slept_s = 0

    def step(self) -> str:
        weighted: dict[Callable[[], object], int] = {
            self.create: 9,
            self.claim: 9,
            self.end: 5,
            self.release: 3,
            self.cancel: 2,
            self.retry: 2,
            self.renew: 2,
            self.pass_time: 3,
            self.sweep: 2,
            self.delete: 1,
            self.put_off: 2,
        }
        (what,) = self.random.choices(list(weighted), list(weighted.values()))
        what()
        return what.__name__

    def create(self) -> None:
        owner = self.random.choice(self.owners)
        self.created += 1
        job = jobs.create(
            self.connection,
            UUID(int=self.random.getrandbits(128)),
            Owner(OwnerType.GUEST, owner),
            uuid5(_SPACE, f"{owner} {self.random.randrange(self.pictures)}"),
            type=self.random.choice(["cutout", "cutout", "cutline", "print_check", "gang_sheet", "newer"]),
            priority=self.random.choice([5, 5, 5, 0, 9]),
        )
        self._say("update jobs set created_at = now() + %s where id = %s", timedelta(microseconds=self.created), job.id)
        if self.random.random() < 0.2:
            self._say(_LATER, job.id)

    def claim(self) -> None:
        types = self.random.choice([None, ["cutout"], ["cutout", "newer", "cutline", "gang_sheet"]])
        queues = self.random.sample(list(Queue), self.random.choice([1, 1, 2, 3]))
        alone = self.random.random() < 0.5
        expected = fair_order.next_job(self.connection, list(queues), types)
        before = self._everything()
        try:
            lease_s = self.random.choice([10, 60])
            job = job_queue.claim_next(self.connection, lease_s, types, queues=queues, alone=alone)
        except job_queue.MustRunAlone:
            assert expected
            assert expected[1]
            assert not alone
            assert self._everything() == before
            return
        assert (job.id if job else None) == (expected[0] if expected else None)
        self.claims += job is not None
        if job and expected:
            assert job.isolated == expected[1]

    def end(self) -> None:
        if job := self._any("status = 'running'"):
            job_queue.fail(self.connection, job, JobFailure.PROVIDER_FAILED, "", TIMINGS)

    def release(self) -> None:
        if job := self._any("status = 'running'"):
            delay_s = self.random.choice([0, 10])
            job_queue.release(self.connection, job, delay_s, counts=self.random.random() < 0.5)

    def cancel(self) -> None:
        if job := self._any("status in ('queued', 'running')"):
            jobs.cancel(self.connection, None, job.id)

    def retry(self) -> None:
        if job := self._any("status in ('failed', 'cancelled')"):
            self._say(
                """update jobs set status = 'queued', attempts = 0, run_after = now(), finished_at = null,
                error_code = null, isolated = false where id = %s""",
                job.id,
            )

    def renew(self) -> None:
        if job := self._any("status = 'running'"):
            job_queue.renew(self.connection, [(job.id, job.fence)], 60)

    def pass_time(self) -> None:
        """Time changes no row, so no trigger may see this. In more than ten seconds there is a sweep."""
        seconds = self.random.choice([1, 8, 15, 61])
        self._say("set local session_replication_role = replica")
        self._say(_PAST, s=timedelta(seconds=seconds))
        self._say("set local session_replication_role = origin")
        self.slept_s += seconds
        if self.slept_s > 10:
            self.sweep()

    def sweep(self) -> None:
        self.slept_s = 0
        job_queue.wake_due(self.connection)
        job_queue.fail_exhausted(self.connection)

    def delete(self) -> None:
        if job := self._any("true"):
            self._say("delete from jobs where id = %s", job.id)

    def put_off(self) -> None:
        """Only an operator does this: a waiting job has to wait longer."""
        if job := self._any("status = 'queued'"):
            self._say(_LATER, job.id)

    def _any(self, condition: str) -> Job | None:
        order = self.random.random()
        query = f"select {jobs.COLUMNS} from jobs where {condition} order by md5(id::text || %s) limit 1"
        row = self.connection.execute(query.encode(), [str(order)]).fetchone()
        return jobs.from_row(row) if row else None

    def _everything(self) -> list[dict[str, object]]:
        return self.connection.execute(f"select {jobs.COLUMNS}, lease_until from jobs order by id".encode()).fetchall()

    def _say(self, statement: str, *values: object, **named: object) -> None:
        self.connection.execute(statement.encode(), named or values)


@pytest.mark.parametrize("first", range(0, 12, 3))
def test_claims_follow_the_plain_query(database: Database, long: bool, first: int) -> None:
    claims = 0
    for seed in range(first * 10, first * 10 + (30 if long else 3)):
        with database.transaction() as connection:
            connection.execute("delete from jobs")
        history = None
        for step in range(STEPS):
            with database.transaction(durable=False) as connection:
                history = history or History(connection, seed)
                history.connection = connection
                done = history.step()
                assert fair_order.wrong(connection) == [], (seed, step, done)
        claims += history.claims if history else 0
    assert claims > 30
