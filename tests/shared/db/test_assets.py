"""Assets belong to one owner; the same picture is stored once; deleted ones are hidden at once and removed later."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from shared import errors
from shared.db import assets, ids
from shared.db.pool import Database
from shared.models.asset import Asset, AssetKind
from tests.shared.db.rows import asset, digest, owner, run


def added(database: Database, content: str = "photo", *, of: str = "ann", **changes: object) -> Asset:
    return run(database, assets.add, asset(content, of=of, **changes))[0]


def cut_out(database: Database, of: str = "ann") -> dict[AssetKind, Asset]:
    """The assets made by one job."""
    kinds, job_id = (AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK), ids.new()
    return {kind: added(database, f"{kind} {job_id}", of=of, kind=kind, job_id=job_id) for kind in kinds}


def test_an_asset_survives_the_round_trip(database: Database) -> None:
    one = asset(job_id=ids.new())
    assert run(database, assets.add, one) == (one, True)
    assert run(database, assets.find, owner(), one.id) == one
    assert run(database, assets.find, None, one.id) == one
    assert run(database, assets.by_key, one.key) == one


def test_another_owners_asset_is_not_found(database: Database) -> None:
    one = added(database)
    assert run(database, assets.find, owner("bob"), one.id) is None
    assert run(database, assets.find, owner(), ids.new()) is None
    assert run(database, assets.find, None, ids.new()) is None
    assert run(database, assets.by_key, "f" * 64 + ".png") is None


def test_the_same_picture_of_the_same_owner_is_the_existing_asset(database: Database) -> None:
    older = added(database)
    assert run(database, assets.add, asset(name="another name.png")) == (older, False)


def test_the_same_picture_of_another_owner_is_another_asset(database: Database) -> None:
    ann = added(database, of="ann")
    bob, fresh = run(database, assets.add, asset(of="bob"))
    assert fresh
    assert bob.id != ann.id


def test_the_same_picture_is_new_again_once_it_was_deleted(database: Database) -> None:
    older = added(database)
    run(database, assets.delete, owner(), older.id)
    newer, fresh = run(database, assets.add, asset())
    assert fresh
    assert newer.id != older.id
    assert run(database, assets.find, owner(), newer.id) == newer


def test_the_same_picture_uploaded_concurrently_is_one_asset(database: Database) -> None:
    with ThreadPoolExecutor(8) as senders:
        outcomes = list(senders.map(lambda _: run(database, assets.add, asset()), range(16)))
    assert len({found.id for found, _ in outcomes}) == 1
    assert [fresh for _, fresh in outcomes].count(True) == 1


def test_equal_cut_outs_of_two_jobs_are_two_assets(database: Database) -> None:
    first, second = (added(database, "cut", kind=AssetKind.CUTOUT, job_id=ids.new()) for _ in range(2))
    assert first.id != second.id


def test_a_deleted_asset_is_hidden_from_everyone_at_once(database: Database) -> None:
    one = added(database)
    with pytest.raises(errors.NotFound):
        run(database, assets.delete, owner("bob"), one.id)
    assert run(database, assets.find, owner(), one.id) == one
    run(database, assets.delete, owner(), one.id)
    assert run(database, assets.find, owner(), one.id) is None
    assert run(database, assets.find, None, one.id) is None
    assert run(database, assets.by_key, one.key) is None
    assert run(database, assets.page, owner(), 10, None).items == []


def test_an_unknown_or_deleted_asset_is_not_deleted(database: Database) -> None:
    one = added(database)
    run(database, assets.delete, owner(), one.id)
    for gone in (ids.new(), one.id):
        with pytest.raises(errors.NotFound):
            run(database, assets.delete, owner(), gone)


def test_deleting_a_cut_out_deletes_its_preview_and_mask_and_nothing_else(database: Database) -> None:
    source = added(database)
    first, second = cut_out(database), cut_out(database)
    run(database, assets.delete, owner(), first[AssetKind.CUTOUT].id)
    left = {each.id for each in (source, *second.values())}
    for each in (source, *first.values(), *second.values()):
        assert (run(database, assets.find, owner(), each.id) is not None) == (each.id in left)


@pytest.mark.parametrize("kind", [AssetKind.PREVIEW, AssetKind.MASK])
def test_a_preview_or_mask_is_deleted_alone(database: Database, kind: AssetKind) -> None:
    made = cut_out(database)
    run(database, assets.delete, owner(), made.pop(kind).id)
    for each in made.values():
        assert run(database, assets.find, owner(), each.id)


def test_a_list_omits_previews_and_masks(database: Database) -> None:
    source = added(database)
    made = cut_out(database)
    added(database, of="bob")
    page = run(database, assets.page, owner(), 10, None)
    assert {each.id for each in page.items} == {source.id, made[AssetKind.CUTOUT].id}
    assert page.next is None


def test_uploading_again_updates_the_stored_digest(database: Database) -> None:
    older = added(database, stored_sha256="old")
    again, fresh = run(database, assets.add, asset(stored_sha256="new"))
    assert (again.id, again.stored_sha256, fresh) == (older.id, "new", False)


def test_names_and_digests_are_kept_exactly(database: Database) -> None:
    odd = replace(asset(), name="'; drop table assets; --% 漢字 \U0001f455", sha256=digest("x"))
    assert run(database, assets.add, odd)[0] == odd
