"""Customers, sessions, mailed tokens and postal addresses: the rules that their tables keep."""

import pytest
from psycopg import errors

from shared.db import customers, email_tokens, sessions
from shared.db.pool import Database
from shared.models.customer import EmailToken, Purpose

_ID = "'00000000-0000-7000-8000-000000000001'"
_CUSTOMER = f"insert into customers (id, email, password_hash) values ({_ID}, 'ann@shop.example', 'hash')"
_SESSION = (
    "insert into sessions (id, hash, customer_id, agent, expires_at) "
    f"values ({_ID}, 'h', {_ID}, '', now() + interval '1 day')"
)
_TOKEN = "insert into email_tokens (hash, purpose, email, expires_at, customer_id, name, password_hash) values "
WRONG = {
    "an address in another case": _CUSTOMER.replace("ann@", "ANN@").replace("0001'", "0002'"),
    "a short address": "update customers set email = 'a@'",
    "a long address": "update customers set email = repeat('a', 255)",
    "an unknown role": "update customers set role = 'owner'",
    "an address of an erased customer": "update customers set deleted_at = now(), password_hash = null",
    "a password of an erased customer": "update customers set deleted_at = now(), email = null",
    "no address": "update customers set email = null",
    "one token for two sessions": _SESSION.replace("0001', 'h'", "0002', 'h'"),
    "a session of nobody": _SESSION.replace("'h'", "'i'").replace(f", {_ID}, ''", ", gen_random_uuid(), ''"),
    "a session that ends before it begins": "update sessions set expires_at = created_at",
    "an unknown purpose": _TOKEN + f"('t', 'vote', 'a@b', now(), {_ID}, null, null)",
    "a registration of a customer": _TOKEN + f"('t', 'verify', 'a@b', now(), {_ID}, '', 'hash')",
    "a registration without a name": _TOKEN + "('t', 'verify', 'a@b', now(), null, null, 'hash')",
    "a registration without a password": _TOKEN + "('t', 'verify', 'a@b', now(), null, '', null)",
    "a reset of no customer": _TOKEN + "('t', 'reset', 'a@b', now(), null, null, null)",
    "a reset with a password": _TOKEN + f"('t', 'reset', 'a@b', now(), {_ID}, null, 'hash')",
    "a sign-in of a customer": _TOKEN + f"('t', 'sign_in', 'a@b', now(), {_ID}, null, null)",
    "a sign-in with a password": _TOKEN + "('t', 'sign_in', 'a@b', now(), null, null, 'hash')",
    "a sign-in with a name": _TOKEN + "('t', 'sign_in', 'a@b', now(), null, '', null)",
    "a change with a name": _TOKEN + f"('t', 'change', 'a@b', now(), {_ID}, '', null)",
    "an address of nobody": f"insert into addresses values ({_ID}, gen_random_uuid(), '{{}}')",
    "a key of an unknown scope": f"insert into api_keys (id, name, hash, scope) values ({_ID}, '', 'k', 'all')",
}


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
def test_the_tables_refuse(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(_CUSTOMER.encode())
        connection.execute(_SESSION.encode())
    with pytest.raises(errors.IntegrityError), database.transaction() as connection:
        connection.execute(statement.encode())


def test_an_address_is_taken_in_any_case_until_its_customer_is_erased(database: Database) -> None:
    with database.transaction() as connection:
        ann = customers.add(connection, "Ann@shop.example", "Ann", "hash")
    with pytest.raises(customers.Taken), database.transaction() as connection:
        customers.add(connection, "ann@shop.example", "Eve", "hash")
    with database.transaction() as connection:
        assert customers.by_email(connection, "ANN@shop.example") == ann
        customers.erase(connection, ann)
        assert customers.find(connection, ann.id) is None
        assert customers.by_email(connection, ann.email) is None
        assert customers.add(connection, "ann@shop.example", "Eve", "hash").id != ann.id


def test_expired_sessions_and_tokens_are_pruned(database: Database) -> None:
    with database.transaction() as connection:
        ann = customers.add(connection, "ann@shop.example", "Ann", "hash")
        for number in range(2):
            sessions.open_new(connection, ann.id, str(number), "")
            email_tokens.add(connection, str(number), EmailToken(Purpose.RESET, ann.email, ann.id))
        connection.execute("update email_tokens set expires_at = now() - interval '1 second' where hash = '0'")
        connection.execute("update sessions set created_at = '2026-01-01', expires_at = '2026-01-31' where hash = '0'")
        assert (sessions.prune(connection), email_tokens.prune(connection)) == (1, 1)
        assert sessions.find(connection, "1") is not None
        assert email_tokens.find(connection, "1", [Purpose.RESET]) is not None


def test_every_look_up_has_an_index(database: Database) -> None:
    """By leading columns."""
    needed = {
        "sessions": ("customer_id", "expires_at", "hash"),
        "addresses": ("customer_id",),
        "customers": ("lower(email)",),
    }
    needed["email_tokens"] = ("customer_id", "lower(email)", "expires_at", "hash")
    with database.transaction() as connection:
        for table, columns in needed.items():
            rows = connection.execute("select indexdef from pg_indexes where tablename = %s", [table]).fetchall()
            led = [row["indexdef"].partition(" btree (")[2] for row in rows]
            assert all(any(one.startswith(column) for one in led) for column in columns), table
