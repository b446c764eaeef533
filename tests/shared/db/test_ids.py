"""Ids of rows are ordered by time."""

from datetime import UTC, datetime, timedelta

from shared.db import ids


def test_ids_grow_with_time() -> None:
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {each.version for each in made} == {7}
    moment = datetime.fromtimestamp((made[-1].int >> 80) / 1000, UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=30)
