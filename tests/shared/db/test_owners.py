"""Which owners are known: those with a picture or a job."""

from shared.db import assets, owners
from shared.db.pool import Database
from shared.models.owner import Owner, OwnerType
from tests.shared.db.rows import asset, owner, queued, run


def test_an_owner_with_a_picture_or_a_job_is_known(database: Database) -> None:
    assert not run(database, owners.known, owner("ann"))
    run(database, assets.add, asset(of="ann"))
    queued(database, "bob")
    assert run(database, owners.known, owner("ann"))
    assert run(database, owners.known, owner("bob"))
    assert not run(database, owners.known, owner("eve"))


def test_a_key_is_not_known_by_what_a_guest_of_the_same_id_has(database: Database) -> None:
    run(database, assets.add, asset(of="ann"))
    queued(database, "ann")
    assert not run(database, owners.known, Owner(OwnerType.KEY, owner("ann").id))
