"""Nothing waits long for what another transaction has locked."""

import psycopg
import pytest

from shared import errors
from shared.db import pool
from shared.db.pool import Database


@pytest.mark.parametrize(
    "statement",
    ["update numbers set number = 2", "drop table numbers", "select pg_advisory_xact_lock(7)"],
    ids=["row", "table", "advisory"],
)
def test_a_lock_that_another_holds_is_unavailable_before_the_statement_ends(
    database_url: str, database: Database, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(pool, "_BEGIN", pool._BEGIN.replace("'2s'", "'100ms'"))
    with database.transaction() as connection:
        connection.execute("create table numbers as select 1 as number")
    with psycopg.connect(database_url) as holder:
        holder.execute("select pg_advisory_lock(7) from numbers for update")
        with pytest.raises(errors.Unavailable) as caught, database.transaction() as connection:
            connection.execute(statement.encode())
    assert isinstance(caught.value.__cause__, psycopg.errors.LockNotAvailable)
    with database.transaction() as connection:
        assert connection.execute("select number from numbers").fetchall() == [{"number": 1}]
