"""A statement that is a transaction of its own is atomic, has a transaction's limits, and takes parameters as data."""

import psycopg
import pytest

from shared import errors
from shared.db.pool import Database


def _numbers(database: Database) -> list[int]:
    return [row["number"] for row in database.execute("select number from numbers order by 1").fetchall()]


def test_a_single_statement_is_a_transaction(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("create table numbers (number integer primary key)")
    added = database.execute("insert into numbers select unnest(%s::int[]) returning number", [[1, 2]])
    assert added.fetchall() == [{"number": 1}, {"number": 2}]
    assert _numbers(database) == [1, 2]
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.execute("insert into numbers values (3), (%s)", [1])
    assert database.execute("select %(text)s || '%%' as text", {"text": "'; drop table numbers; --"}).fetchone() == {
        "text": "'; drop table numbers; --%"
    }
    assert _numbers(database) == [1, 2]


def test_a_single_statement_has_the_limits_of_a_transaction(database_url: str) -> None:
    database = Database(database_url, pool_max=1, statement_s=0.3)
    database.open()
    limits = "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock"
    assert database.execute(limits).fetchone() == {"statement": "300ms", "lock": "2s"}
    with pytest.raises(errors.Unavailable) as caught:
        database.execute("select pg_sleep(20)")
    assert isinstance(caught.value.__cause__, psycopg.errors.QueryCanceled)
    with database.transaction() as connection:
        connection.commit()
        assert connection.execute(limits).fetchone() == {"statement": "0", "lock": "0"}
    database.close()
