"""Credits are charged up to the limit, however many charge at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from shared.db import api_keys, credit_usage
from shared.db.pool import Database
from shared.models.owner import Scope


@pytest.fixture
def key(database: Database) -> UUID:
    with database.transaction() as connection:
        return api_keys.add(connection, "shop", Scope.PREMIUM, "hash", 3).id


def _charge(database: Database, key: UUID, limit: int | None) -> bool:
    with database.transaction() as connection:
        return credit_usage.charge(connection, key, 4, limit) is not None


def test_charges_at_once_never_pass_the_limit(database: Database, key: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        charged = list(pool.map(lambda _: _charge(database, key, 12), range(8)))
    assert sum(charged) == 3
    with database.transaction() as connection:
        assert credit_usage.used(connection, key) == 12


def test_a_charge_is_given_back(database: Database, key: UUID) -> None:
    with database.transaction() as connection:
        assert credit_usage.charge(connection, key, 4, 3) is None
        month = credit_usage.charge(connection, key, 3, 3)
        assert month
        credit_usage.give_back(connection, key, month, 3)
        assert credit_usage.used(connection, key) == 0


def test_without_a_limit_every_charge_passes_and_is_counted(database: Database, key: UUID) -> None:
    assert all(_charge(database, key, None) for _ in range(5))
    with database.transaction() as connection:
        assert credit_usage.used(connection, key) == 20
