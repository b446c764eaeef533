"""What must hold after every failure, in one function: `assert_settled`.

I1 every accepted job has ended, as done unless the test says otherwise
I2 each done job has one live set of output objects, of its picture's size and with the bytes its rows state
I3 the provider's ledger equals our cost rows; an attempt pays at most once, a job at most once more per crash
I5 no wake-up is left
I6 no object lacks a row, except those a crash left behind
I7 every process is ready again and of a sane size
I8 clients got only the errors the test expects

(I4 is reserved for orders.)
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import requests

from shared.db.pool import Connection
from shared.models.job import Queue
from tests.chaos.crowd import Crowd
from tests.chaos.system import PRICE_MICROUSD, THREADS, System

RSS_BYTES = 600 * 2**20  # of any one process; the largest, rembg, needs 250 MB
_OUTPUTS = {"cutout": {"cutout", "preview", "mask"}, "print_edges": {"print"}, "print_check": set[str]()}


def assert_settled(
    system: System,
    crowd: Crowd,
    within_s: float,
    *,
    failures: tuple[str, ...] = (),
    refusals: tuple[int, ...] = (),
) -> float:
    """Wait until all jobs are done, then check everything; return the seconds it took.

    `failures` are job error codes, `refusals` HTTP statuses (0: a broken connection), that the test causes.
    """
    began = time.monotonic()
    with system.database() as connection:
        await_true(lambda: _open_jobs(connection) == 0, within_s, lambda: f"still open: {_states(connection)}")
        took_s = time.monotonic() - began
        _promises_kept(connection, crowd, failures)
        _one_output_each(connection, system)
        _bill_agrees(connection, system)
    with system.broker() as broker:
        await_true(lambda: not broker.exists(*Queue), 10, lambda: f"wake-ups are left in {broker.keys('*')}")
        assert not list(broker.scan_iter("unacked*"))
    for service in system.services:
        _well(f"http://127.0.0.1:{service.port}", service.name)
    unexpected = {status for status in crowd.statuses if status != 202} - set(refusals)
    assert not unexpected, crowd.statuses
    return took_s


def await_true(condition: Callable[[], bool], within_s: float, otherwise: Callable[[], str]) -> float:
    """Wait for a condition and return the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, otherwise()
        time.sleep(0.05)
    return time.monotonic() - began


def _open_jobs(connection: Connection) -> int:
    return sum(count for state, count in _states(connection).items() if state in ("queued", "running"))


def _states(connection: Connection) -> dict[str, int]:
    rows = connection.execute("select status, count(*) as jobs from jobs group by status").fetchall()
    return {row["status"]: row["jobs"] for row in rows}


def _promises_kept(connection: Connection, crowd: Crowd, failures: tuple[str, ...]) -> None:
    rows = connection.execute(
        "select id, status, error_code from jobs where created_at >= %s or id = any(%s)", [crowd.since, crowd.accepted]
    ).fetchall()
    ends: dict[UUID, str] = {row["id"]: row["error_code"] or row["status"] for row in rows}
    lost = set(crowd.accepted) - ends.keys()
    assert not lost, f"{len(lost)} accepted jobs have no row"
    wrong = {str(job_id): end for job_id, end in ends.items() if end not in ("done", "cancelled", *failures)}
    assert not wrong, wrong


def _one_output_each(connection: Connection, system: System) -> None:
    stored = system.objects()
    assets = connection.execute("select job_id, kind, key, sha256, deleted_at from assets").fetchall()
    live = [row for row in assets if row["job_id"] and row["deleted_at"] is None]
    for row in live:
        assert hashlib.sha256(stored[row["key"]].read_bytes()).hexdigest() == row["sha256"], row
    sets: dict[UUID, list[str]] = {}
    for row in live:
        sets.setdefault(row["job_id"], []).append(row["kind"])
    done = connection.execute("select id, type from jobs where status = 'done'").fetchall()
    wrong = {row["id"]: sets.get(row["id"]) for row in done if {*sets.get(row["id"], [])} != _OUTPUTS[row["type"]]}
    assert not wrong, wrong
    assert sets.keys() <= {row["id"] for row in done}
    assert all(len(kinds) == len({*kinds}) for kinds in sets.values()), sets
    misfit = connection.execute(
        """select jobs.id from jobs join assets source on source.id = jobs.asset_id
        join assets cutout on cutout.job_id = jobs.id and cutout.kind = 'cutout'
        where (cutout.width, cutout.height) <> (source.width, source.height)"""
    ).fetchall()
    assert not misfit, "cut-outs of another size than their pictures"
    orphans = stored.keys() - {row["key"] for row in assets}
    assert len(orphans) <= system.leavings, f"{len(orphans)} objects without a row"


def _bill_agrees(connection: Connection, system: System) -> None:
    rows = connection.execute(
        "select job_id || '.' || fence as request, outcome, cost_microusd from provider_calls where provider='removebg'"
    ).fetchall()
    ours: dict[str, Any] = {row["request"]: row for row in rows}
    assert len(ours) == len(rows), "an attempt called the paid provider twice"
    theirs = Counter(entry.request_id for entry in system.removebg.entries() if entry.charged)
    assert all(count == 1 for count in theirs.values()), "a call was charged twice"
    unknown_to_us = theirs.keys() - ours.keys()
    assert not unknown_to_us, f"charged, but not recorded by us: {unknown_to_us}"
    for request, row in ours.items():
        charged = theirs[request] * PRICE_MICROUSD
        if row["outcome"] in ("ok", "refused", "broken"):
            assert row["cost_microusd"] == charged, (request, row)
        else:  # its outcome is unknown, so it counts as charged
            assert row["cost_microusd"] >= charged, (request, row)
    jobs = len({request.split(".")[0] for request in theirs})
    assert theirs.total() <= jobs + system.crashes * THREADS + system.faults
    day = connection.execute("select coalesce(sum(microusd), 0) as spent from spend").fetchone()
    assert day
    assert day["spent"] == sum(row["cost_microusd"] for row in rows)


def _well(address: str, name: str) -> None:
    def get(path: str) -> requests.Response | None:
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.get(f"{address}{path}", timeout=2)
        except requests.RequestException:
            return None

    def ready() -> bool:
        answer = get("/health/ready")
        return answer is not None and answer.status_code == 200 and answer.json()["status"] == "ok"

    await_true(ready, 15, lambda: f"{name} is not well: {getattr(get('/health/ready'), 'text', 'no answer')}")
    detailed = get("/health/detailed")
    assert detailed is not None
    assert detailed.json()["memory"]["rss"] < RSS_BYTES, name
