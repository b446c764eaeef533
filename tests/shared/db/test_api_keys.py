"""API keys as rows: found by their hash until they are revoked."""

import psycopg
import pytest

from shared.db import api_keys, ids
from shared.models.owner import Scope
from tests.shared.db.conftest import Records


def test_a_key_is_found_by_its_hash(records: Records) -> None:
    with records.database.transaction() as connection:
        kept = api_keys.add(connection, "shop", Scope.PREMIUM, "hash")
        assert api_keys.find(connection, "hash") == kept
        assert (kept.name, kept.scope, kept.revoked_at) == ("shop", Scope.PREMIUM, None)
        assert api_keys.find(connection, "another") is None


def test_a_revoked_key_is_no_longer_found_but_still_listed(records: Records) -> None:
    with records.database.transaction() as connection:
        first = api_keys.add(connection, "first", Scope.PREMIUM, "1")
        second = api_keys.add(connection, "second", Scope.ADMIN, "2")
        assert api_keys.revoke(connection, first.id)
        assert not api_keys.revoke(connection, first.id)
        assert not api_keys.revoke(connection, ids.new())
        assert api_keys.find(connection, "1") is None
        assert api_keys.find(connection, "2") == second
        assert {(key.name, key.revoked_at is None) for key in api_keys.all_keys(connection)} == {
            ("first", False),
            ("second", True),
        }


def test_two_keys_never_share_a_hash(records: Records) -> None:
    with records.database.transaction() as connection:
        api_keys.add(connection, "one", Scope.ADMIN, "hash")
    with pytest.raises(psycopg.errors.UniqueViolation), records.database.transaction() as connection:
        api_keys.add(connection, "other", Scope.ADMIN, "hash")
