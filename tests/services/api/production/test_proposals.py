"""Proposed gang sheets: equal pictures together, never more than a job may hold, and film for all copies."""

from uuid import UUID

import pytest

from services.api.production import proposals
from shared.db import ids
from shared.db.gang_sheet_prints import WaitingPrint


def waits(copies: int = 1, width: int = 100, height: int = 50, asset_id: UUID | None = None) -> WaitingPrint:
    return WaitingPrint(
        *(ids.new(), None, ids.new(), "ST-7K2M-9QXA", 1, asset_id or ids.new(), 1000 * width, 1000 * height, copies)
    )


def test_equal_pictures_are_one_item_and_keep_their_turn() -> None:
    one, other = waits(2), waits(3)
    same, wider = waits(4, asset_id=one.asset_id), waits(1, width=120, asset_id=one.asset_id)
    assert proposals.proposed([one, other, same, wider], 10) == [[[one, same], [other], [wider]]]


def test_nothing_is_proposed_for_nothing() -> None:
    assert proposals.proposed([], 10) == []


@pytest.mark.parametrize(
    ("waiting", "sizes"),
    [
        ([waits(600), waits(400), waits(1)], [2, 1]),  # 1,000 copies
        ([waits() for _ in range(120)], [50, 50, 20]),  # 50 items
        ([waits(asset_id=UUID(int=7)) for _ in range(45)], [20, 20, 5]),  # as many prints as are asked for
    ],
)
def test_a_full_sheet_is_followed_by_another(waiting: list[WaitingPrint], sizes: list[int]) -> None:
    most = 20 if len(sizes) == 3 and sizes[0] == 20 else 200
    sheets = proposals.proposed(waiting, most)
    assert [sum(map(len, sheet)) for sheet in sheets] == sizes
    assert [one for sheet in sheets for of_item in sheet for one in of_item] == waiting


@pytest.mark.parametrize(
    ("items", "length"),
    [
        ([[waits(5)]], 5 + 55),  # five of 100 mm and six gaps of 5 mm in 560 mm
        ([[waits(6)]], 5 + 55 + 55),
        ([[waits(1, 100, 50)], [waits(1, 100, 80)]], 5 + 85),
        ([[waits(1, 560, 50)], [waits(1, 100, 80)]], 5 + 85 + 55),
        ([[waits(1, 600, 50)]], 5 + 605),  # wider than the film: along it
    ],
)
def test_film_for_all_copies_in_rows(items: proposals.Items, length: float) -> None:
    assert proposals.length_mm(items, 560, 5) == length
