"""Designs: what is stored comes back as it is now, and pictures, owners and retention have their say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.db import assets, designs, ids, object_deletions
from shared.db.pagination import Cursor
from shared.db.pool import Connection, Database
from shared.models.asset import Asset
from shared.models.design import Design, Placement, Problem
from shared.models.owner import OwnerType
from shared.models.print_check import PrintMethod
from tests.shared.db import catalogue
from tests.shared.db.rows import asset, owner, run

AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S = 86_400


def _picture(database: Database, content: str = "photo", of: str = "ann") -> Asset:
    return run(database, assets.add, asset(content, of=of))[0]


def _design(product_id: UUID, picture: Asset, **changes: Any) -> Design:
    front = Placement("front", picture.id, PrintMethod.DTF, 1000, -2000, 200_000, (640, 480), 45_500)
    made = Design(ids.new(), owner(), product_id, "Party", "1c1c1f", (front,), AT, AT)
    return replace(made, **changes)


def _stored(database: Database, picture: Asset, product_id: UUID | None = None, **changes: Any) -> Design:
    design = _design(product_id or catalogue.tee(database), picture, **changes)
    run(database, designs.add, design)
    return design


def _say(database: Database, statement: str, *parameters: object) -> None:
    with database.transaction() as connection:
        connection.execute(statement.encode(), parameters)


def test_a_design_comes_back_with_its_pictures_and_areas_in_the_order_given(database: Database) -> None:
    product = catalogue.tee(database)
    run(database, catalogue.area, product, placement="back", garment=None)
    first, second = _picture(database), _picture(database, "logo")
    design = _design(product, first)
    (front,) = design.placements
    back = replace(front, name="back", asset_id=second.id, method=PrintMethod.DTG, rotation_mdeg=0)
    design = replace(design, placements=(front, back))
    run(database, designs.add, design)
    found = run(database, designs.find, owner(), design.id)
    assert found
    assert replace(found, placements=()) == replace(design, placements=())
    assert [replace(one, picture_key=None, area=None) for one in found.placements] == [front, back]
    assert [one.picture_key for one in found.placements] == [first.key, second.key]
    assert [(one.area.placement, one.area.garment) for one in found.placements if one.area] == [
        ("front", "tshirt-front"),
        ("back", None),
    ]
    assert found.placements[0].area is not None
    assert found.placements[0].area.methods == (PrintMethod.DTG, PrintMethod.DTF)


def test_designs_are_seen_by_their_owner_and_by_admins(database: Database) -> None:
    design = _stored(database, _picture(database))
    assert run(database, designs.find, owner("bea"), design.id) is None
    assert run(database, designs.find, None, design.id)
    assert [one.id for one in run(database, designs.find_many, owner(), [design.id, ids.new()])] == [design.id]
    assert run(database, designs.find_many, owner("bea"), [design.id]) == []


def test_a_page_is_of_the_owner_and_newest_first(database: Database) -> None:
    product, picture = catalogue.tee(database), _picture(database)
    made = [_stored(database, picture, product, created_at=AT + timedelta(days=day), name=str(day)) for day in range(3)]
    _stored(database, picture, product, owner=owner("bea"))
    assert run(database, designs.delete, owner(), made[1].id)
    first = run(database, designs.page, owner(), 1, None)
    assert [one.name for one in first.items] == ["2"]
    rest = run(database, designs.page, owner(), 10, Cursor.parse(first.next_cursor or ""))
    assert ([one.name for one in rest.items], rest.next) == (["0"], None)


def test_a_change_replaces_all_placements(database: Database) -> None:
    picture = _picture(database)
    design = _stored(database, picture)
    moved = replace(design.placements[0], left_um=7)
    changed = replace(design, name="Winter", colour="ffffff", placements=(moved,), updated_at=AT + timedelta(days=1))
    run(database, designs.change, changed)
    found = run(database, designs.find, owner(), design.id, lock=True)
    assert found
    assert (found.name, found.colour, found.placements[0].left_um) == ("Winter", "ffffff", 7)
    assert (found.created_at, found.updated_at) == (AT, AT + timedelta(days=1))


def test_a_deleted_design_is_hidden_and_only_its_owner_may_delete_it(database: Database) -> None:
    design = _stored(database, _picture(database))
    assert not run(database, designs.delete, owner("bea"), design.id)
    assert run(database, designs.delete, owner(), design.id)
    assert not run(database, designs.delete, owner(), design.id)
    assert run(database, designs.find, None, design.id) is None


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("update assets set deleted_at = now()", Problem.PICTURE_MISSING),
        ("delete from assets", Problem.PICTURE_MISSING),
        ("update products set status = 'archived'", Problem.NOT_OFFERED),
        ("delete from print_areas", Problem.NOT_OFFERED),
        ("update print_areas set methods = '{dtg}'", Problem.NOT_OFFERED),
        ("update print_areas set width_um = 200_000", Problem.OUTSIDE_PRINT_AREA),
    ],
)
def test_what_happens_to_picture_and_product_shows_in_the_design(
    database: Database, statement: str, problem: Problem
) -> None:
    design = _stored(database, _picture(database))
    inside = replace(design.placements[0], top_um=50_000, rotation_mdeg=0)
    run(database, designs.change, replace(design, placements=(inside,)))
    before = run(database, designs.find, owner(), design.id)
    assert before
    assert before.placements[0].problem is None
    _say(database, statement.replace("200_000", "200000"))
    after = run(database, designs.find, owner(), design.id)
    assert after
    assert after.placements[0].problem is problem


def test_the_ink_of_a_picture_that_a_design_shows_is_known(database: Database) -> None:
    shown, other = _picture(database), _picture(database, "other")
    _stored(database, shown)
    assert run(database, designs.ink_of, [shown.id, other.id]) == {shown.id: (640, 480)}


def _expire_pictures(database: Database) -> int:
    return run(database, object_deletions.expire, OwnerType.GUEST, 30 * DAY_S, 10)


def test_a_picture_does_not_expire_while_a_design_shows_it(database: Database) -> None:
    design = _stored(database, _picture(database))
    _picture(database, "other")
    _say(database, "update assets set used_at = now() - interval '31 days'")
    assert _expire_pictures(database) == 1
    found = run(database, designs.find, owner(), design.id)
    assert found
    assert found.placements[0].picture_key
    assert run(database, designs.delete, owner(), design.id)
    assert _expire_pictures(database) == 1


def test_a_design_expires_when_it_was_not_changed_for_the_retention_of_its_owner(database: Database) -> None:
    product, picture = catalogue.tee(database), _picture(database)
    old = _stored(database, picture, product)
    new = _stored(database, picture, product, updated_at=datetime.now(UTC))
    assert run(database, designs.expire, OwnerType.KEY, 30 * DAY_S, 10) == 0
    assert run(database, designs.expire, OwnerType.GUEST, 30 * DAY_S, 10) == 1
    assert run(database, designs.expire, OwnerType.GUEST, 30 * DAY_S, 10) == 0
    assert run(database, designs.find, None, old.id) is None
    assert run(database, designs.find, None, new.id)


def test_what_was_hidden_long_ago_is_dropped_a_bounded_number_at_once(database: Database) -> None:
    product, picture = catalogue.tee(database), _picture(database)
    for _ in range(3):
        design = _stored(database, picture, product)
        run(database, designs.delete, owner(), design.id)
    kept = _stored(database, picture, product)
    assert run(database, designs.prune, 60, 10) == 0
    _say(database, "update designs set deleted_at = deleted_at - interval '61 seconds'")
    assert [run(database, designs.prune, 60, 2) for _ in range(3)] == [2, 1, 0]
    with database.transaction() as connection:
        rows = connection.execute("select design_id from design_placements").fetchall()
    assert [row["design_id"] for row in rows] == [kept.id]


REFUSED: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("designs_pkey", {"id": "taken"}),
    ("designs_product_id_fkey", {"product_id": ids.new()}),
    *(("designs_name_check", {"name": name}) for name in ("", "a" * 101)),
    *(("designs_colour_check", {"colour": name}) for name in ("", "1C1C1F", "fffff", "#fffff")),
)
REFUSED_PLACEMENTS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("design_placements_pkey", {"placement": "front", "position": 7}),
    ("design_placements_design_id_position_key", {"position": 0}),
    ("design_placements_design_id_fkey", {"design_id": ids.new()}),
    ("design_placements_position_check", {"position": -1}),
    ("design_placements_width_um_check", {"width_um": 0}),
    ("design_placements_ink_width_check", {"ink_width": 0}),
    ("design_placements_ink_height_check", {"ink_height": 0}),
    *(("design_placements_rotation_mdeg_check", {"rotation_mdeg": turn}) for turn in (-1, 360_000)),
)


def _insert(connection: Connection, /, design: Design, **changes: object) -> None:
    row = {
        "design_id": design.id,
        "placement": "back",
        "position": 1,
        "asset_id": ids.new(),
        "method": "dtf",
        "left_um": 0,
        "top_um": 0,
        "width_um": 1,
        "ink_width": 1,
        "ink_height": 1,
        **changes,
    }
    catalogue.insert(connection, "design_placements", row)


@pytest.mark.parametrize(("constraint", "changes"), REFUSED)
def test_designs_are_refused_by(database: Database, constraint: str, changes: Mapping[str, object]) -> None:
    design = _stored(database, _picture(database))
    named = {"id": ids.new(), **changes}
    wrong = replace(design, **{**named, **({"id": design.id} if named["id"] == "taken" else {})})  # type: ignore[arg-type]
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, designs.add, wrong)
    assert error.value.diag.constraint_name == constraint


@pytest.mark.parametrize(("constraint", "changes"), REFUSED_PLACEMENTS)
def test_placements_are_refused_by(database: Database, constraint: str, changes: Mapping[str, object]) -> None:
    design = _stored(database, _picture(database))
    run(database, _insert, design, placement="right", position=2)
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, _insert, design, **changes)
    assert error.value.diag.constraint_name == constraint
