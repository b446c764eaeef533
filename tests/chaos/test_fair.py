"""One client's flood does not starve another client."""

import signal

import pytest

from tests.chaos.conftest import Note
from tests.chaos.crowd import Crowd, a_guest
from tests.chaos.settled import assert_settled
from tests.chaos.system import System


@pytest.mark.usefixtures("only_long")
def test_a_single_job_overtakes_a_flood(system: System, crowd: Crowd, note: Note) -> None:
    for worker in system.workers:
        worker.signal(signal.SIGSTOP)  # so that the flood stays queued
    with a_guest() as flooder:
        crowd.send(guest=flooder)  # creates the session
        flood = [crowd.send(guest=flooder) for _ in range(500)]
    single = crowd.send()
    for worker in system.workers:
        worker.signal(signal.SIGCONT)
    assert_settled(system, crowd, 120)
    with system.database() as connection:
        row = connection.execute(
            """select extract(epoch from one.started_at - one.created_at)::float as waited_s,
                count(*) filter (where flood.started_at between one.created_at and one.started_at) as first,
                count(*) filter (where flood.started_at > one.started_at) as later
            from jobs one, jobs flood where one.id = %s and flood.id = any(%s) group by one.id""",
            [single, flood],
        ).fetchone()
    assert row
    note("started after s", round(row["waited_s"], 2))
    note("of the flood", f"{row['first']} before it, {row['later']} after it")
    assert row["waited_s"] < 30
    assert row["later"] > 0, "there was no line to overtake"
    assert row["first"] <= 4, "those that were being claimed in that moment"
