"""Postgres may restart, vanish or lock up: requests fail soon, and no accepted job is lost."""

import threading
import time
from contextlib import ExitStack, closing
from functools import partial

import psycopg
import pytest
import requests

from deploy.local.service import health
from shared import errors, timeouts
from shared.db.pool import Database
from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd, a_guest_with_key
from tests.chaos.settled import assert_settled, await_true
from tests.chaos.system import System

_OURS = 40_000  # numbers of pictures that no crowd uses
WAIT_S = 10.0  # no request may take longer


def test_a_restart_during_uploads(system: System, crowd: Crowd, long: bool, note: Note) -> None:
    stopped = threading.Event()

    def keep_sending() -> None:
        while not stopped.is_set():
            crowd.send()
            stopped.wait(0.02)

    senders = [threading.Thread(target=keep_sending) for _ in range(2)]
    for sender in senders:
        sender.start()
    for _ in range(3 if long else 1):
        time.sleep(1)
        system.postgres.stop()
        system.away()
        began = time.monotonic()
        system.postgres.start()
        await_true(system.postgres.ready, 20, lambda: "Postgres does not come back")
        accepted = len(crowd.accepted) + 1
        await_true(partial(_accepted, crowd, accepted), 5, lambda: "the api does not come back alone")
        note("accepted again after s", round(time.monotonic() - began, 1))
    stopped.set()
    for sender in senders:
        sender.join()
    note("answers", dict(crowd.statuses))
    assert crowd.slowest_s < WAIT_S
    system.leavings += crowd.statuses[503]  # stored before the row failed
    assert_settled(system, crowd, 30, refusals=(503,))


def _accepted(crowd: Crowd, count: int) -> bool:
    return len(crowd.accepted) >= count


def test_no_key_stays_locked_after_postgres_was_away(system: System, crowd: Crowd, note: Note) -> None:
    """Clients repeat their request with its key, and each gets its one job soon after Postgres is back."""
    guests = [a_guest_with_key(crowd.address) for _ in range(20)]
    back = threading.Event()
    waited: list[float] = []

    def insist(number: int, guest: requests.Session) -> None:
        until = time.monotonic() + 60
        while crowd.send(guest=guest, number=number) is None and time.monotonic() < until:
            time.sleep(0.3)
        waited.append(time.monotonic() - began if back.is_set() else 0)

    senders = [threading.Thread(target=insist, args=sender) for sender in enumerate(guests, _OURS)]
    with closing(psycopg.connect(system.postgres.url)) as lock:
        lock.execute("lock table jobs in share mode")  # requests claim their keys, and wait to have their effect
        for sender in senders:
            sender.start()
        await_true(lambda: _claims(system) > 0, 10, lambda: "no key is claimed")
        note("keys claimed when Postgres was killed", _claims(system))
        system.postgres.kill()
    system.away()
    time.sleep(1)
    system.postgres.start()
    await_true(system.postgres.ready, 20, lambda: "Postgres does not come back")
    began = time.monotonic()
    back.set()
    for sender, guest in zip(senders, guests, strict=True):
        sender.join()
        guest.close()
    note("answers", dict(crowd.statuses))
    note("last accepted after s", round(max(waited), 1))
    assert len(crowd.accepted) == len(guests), "a guest gave up"
    assert crowd.statuses[503] > 0, "no request was interrupted"
    assert max(waited) < 15, "no key was locked until its claim expired"
    system.leavings += crowd.statuses[503]
    assert_settled(system, crowd, 30, refusals=(409, 503))


def _claims(system: System) -> int:
    with system.database() as connection:
        return len(connection.execute("select key from idempotency_keys where status is null").fetchall())


def test_a_silent_network_to_postgres(system: System, crowd: Crowd, note: Note) -> None:
    """No response comes and no connection is closed."""
    crowd.send_many(4)
    system.to_postgres.blackhole = True
    crowd.send_many(4)
    assert health(system.services[0].port) == 200
    system.to_postgres.heal()
    note("slowest answer in s", round(crowd.slowest_s, 1))
    assert crowd.slowest_s < WAIT_S
    assert crowd.statuses[202] == 4
    system.away()
    system.leavings += crowd.statuses[503]
    assert_settled(system, crowd, system.lease_s + 30, refusals=(503,))


@pytest.mark.usefixtures("only_long")
def test_requests_that_wait_for_a_locked_table_are_told_to_retry(system: System, crowd: Crowd) -> None:
    guest = requests.Session()
    guest.trust_env = False
    with guest, ExitStack() as exits:
        job_id = crowd.send(guest=guest)
        assert_settled(system, crowd, 20)
        lock = exits.enter_context(psycopg.connect(system.postgres.url))
        lock.execute("lock table jobs in access exclusive mode")
        answers: list[requests.Response] = []
        address = f"{system.stack.address}/api/jobs/{job_id}"
        askers = [threading.Thread(target=lambda: answers.append(guest.get(address, timeout=12))) for _ in range(8)]
        for asker in askers:
            asker.start()
        assert health(system.services[0].port) == 200
        for asker in askers:
            asker.join()
        lock.rollback()
    assert {answer.status_code for answer in answers} == {503}
    assert all("Retry-After" in answer.headers for answer in answers)
    assert max(answer.elapsed.total_seconds() for answer in answers) < timeouts.STATEMENT_API_S + 2
    assert_settled(system, crowd, 10)


def test_a_frozen_worker_in_a_transaction_does_not_keep_its_locks(database_url: str) -> None:
    database = Database(database_url)
    database.open()
    with database.transaction() as connection:
        shown = connection.execute("show idle_in_transaction_session_timeout").fetchone()
    assert shown
    assert shown["idle_in_transaction_session_timeout"] == f"{timeouts.TRANSACTION_IDLE_S}s"

    def freeze() -> None:
        with database.transaction() as connection:
            connection.execute("set local idle_in_transaction_session_timeout = 200")
            time.sleep(0.4)
            connection.execute("select 1")

    with pytest.raises(errors.Unavailable):
        freeze()
    database.close()


def test_one_of_two_deadlocked_requests_is_told_to_retry_and_both_have_one_effect(database_url: str) -> None:
    database = Database(database_url)
    database.open()
    with database.transaction() as connection:
        connection.execute("create table counted (id int primary key, times int default 0)")
        connection.execute("insert into counted values (1), (2)")
    meeting, tries = threading.Barrier(2, timeout=5), []

    def count(*order: int) -> None:
        for attempt in range(10):
            try:
                with database.transaction() as connection:
                    for number in order:
                        connection.execute("update counted set times = times + 1 where id = %s", [number])
                        if attempt == 0 and number == order[0]:
                            meeting.wait()
                tries.append(attempt)
            except errors.Unavailable:
                continue
            return

    threads = [threading.Thread(target=count, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction() as connection:
        rows = connection.execute("select times from counted order by id").fetchall()
    database.close()
    assert [row["times"] for row in rows] == [2, 2]
    assert len(tries) == 2
    assert max(tries) >= 1, tries  # they may deadlock again if the retry comes before the other wakes up
