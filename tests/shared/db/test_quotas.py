"""What an owner occupies is counted as assets come and go, and equals a sum over all of them."""

import random
from concurrent.futures import ThreadPoolExecutor

from shared.db import assets, object_deletions, quotas
from shared.db.pool import Connection, Database
from shared.models.asset import AssetKind
from shared.models.owner import Owner
from tests.shared.db.conftest import ANNE, BERT, Records

_SUM = """select coalesce(sum(bytes), 0)::bigint as bytes
    from (
        select max(coalesce(stored_bytes, bytes)) as bytes
        from assets
        where owner_type = %s and owner_id = %s
        group by key
    ) as objects"""


def _used(database: Database, owner: Owner) -> int:
    with database.transaction() as connection:
        return quotas.usage(connection, owner).stored_bytes


def _summed(records: Records, owner: Owner) -> int:
    return int(records.say(_SUM, owner.type, owner.id)[0]["bytes"])


def _entries(records: Records, owner: Owner) -> int:
    return len(records.say("select bytes from storage_usage where owner_id = %s", owner.id))


def _remove(connection: Connection, stem: str) -> None:
    """As maintenance does, without the week."""
    connection.execute("update assets set deleted_at = now() where left(key, 64) = %s", [stem])
    object_deletions.drop_rows(connection, stem)


def _step(records: Records, chance: random.Random, owner: Owner) -> None:
    known = records.say("select * from assets where owner_id = %s order by id", owner.id)
    row = chance.choice(known) if known else None
    match chance.randrange(4) if row else 0:
        case 0:
            records.asset(owner)
        case 1:  # another row of the same object, as of a job that reuses an earlier result
            copy = records.unsaved(owner, AssetKind.CUTOUT, words=f"{owner.id}{chance.randrange(3)}")
            with records.database.transaction() as connection:
                assets.add_all(connection, [copy])
        case 2:
            with records.database.transaction() as connection:
                assets.add_bytes(connection, row["id"], 7)  # type: ignore[index]
        case 3:
            with records.database.transaction() as connection:
                _remove(connection, row["key"][:64])  # type: ignore[index]


def test_usage_equals_the_sum_over_all_objects_after_any_history(records: Records) -> None:
    chance = random.Random(7)
    for _ in range(300):
        owner = chance.choice([ANNE, BERT])
        _step(records, chance, owner)
        assert _used(records.database, owner) == _summed(records, owner)


def test_usage_is_exact_after_concurrent_changes(records: Records) -> None:
    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(20):
            copy = records.unsaved(ANNE, AssetKind.CUTOUT, words=str(chance.randrange(5)))
            with records.database.transaction(durable=False) as connection:
                assets.add_all(connection, [copy])
            _used(records.database, ANNE)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert _used(records.database, ANNE) == _summed(records, ANNE) > 0


def test_entries_are_folded_and_leave_with_their_owner_s_last_object(records: Records) -> None:
    made = [records.asset() for _ in range(70)]
    assert _entries(records, ANNE) == len(made)
    assert _used(records.database, ANNE) == 99 * len(made)
    assert _entries(records, ANNE) == 1
    for asset in made:
        with records.database.transaction() as connection:
            _remove(connection, asset.key[:64])
    assert _used(records.database, ANNE) == _entries(records, ANNE) == 0
