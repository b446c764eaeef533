"""The rollout percentage: the newest one applies, and the history is stored."""

import psycopg
import pytest

from shared.db import rollout
from tests.shared.db.conftest import Records


def test_there_is_no_percentage_at_first(records: Records) -> None:
    with records.database.transaction() as connection:
        assert rollout.current(connection) is None
        assert rollout.history(connection) == []


def test_the_newest_percentage_applies_and_older_ones_are_its_history(records: Records) -> None:
    with records.database.transaction() as connection:
        for percent, name in ((10, "anne"), (50, "bert"), (0, "anne")):
            kept = rollout.put(connection, percent, name)
            assert (kept.percent, kept.set_by) == (percent, name)
            assert rollout.current(connection) == percent
        told = rollout.history(connection)
        assert [(change.percent, change.set_by) for change in told] == [(0, "anne"), (50, "bert"), (10, "anne")]
        assert all(change.set_at.tzinfo for change in told)
        assert rollout.history(connection, limit=1) == told[:1]


@pytest.mark.parametrize("percent", [-1, 101])
def test_the_database_refuses_an_impossible_percentage(records: Records, percent: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), records.database.transaction() as connection:
        rollout.put(connection, percent, "anne")
