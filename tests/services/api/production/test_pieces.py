"""Pieces to make and to pack: all of them at first, of a reprint only what was asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.api.production.pieces import due
from shared.db import ids
from shared.models.order import ProductionStatus, Reprint, Shipment
from tests.services.api.orders.samples import ITEM, ORDER

S = ProductionStatus
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWO = replace(ITEM, id=ids.new(), line=2, quantity=5)
ITEMS = (ITEM, TWO)
ALL = {ITEM.id: 3, TWO.id: 5}


def reprint(hour: int, *, printed: bool = False, quantity: int = 1) -> Reprint:
    at = NOON + hour * HOUR
    return Reprint(ids.new(), TWO.id, quantity, "crease", "ann", at, at + HOUR if printed else None)


def parcel(hour: int) -> Shipment:
    return Shipment(ids.new(), ORDER.id, "DHL", "", NOON + hour * HOUR, None)


@pytest.mark.parametrize(
    ("status", "reprints", "shipments", "pieces"),
    [
        (S.QUEUED, [], [], ALL),
        (S.PRINTING, [reprint(0, quantity=2)], [], {TWO.id: 2}),
        (S.PRINTED, [reprint(0, printed=True)], [], ALL),  # a spoiled piece, found before the parcel was packed
        (
            S.PACKED,
            [reprint(0, printed=True), reprint(2, printed=True)],
            [parcel(1)],
            {TWO.id: 1},
        ),  # one that the customer sent back
        (S.QUEUED, [reprint(0, printed=True), reprint(2)], [parcel(1)], {TWO.id: 1}),
        (S.PRINTED, [reprint(2, printed=True), reprint(3, printed=True)], [parcel(1)], {TWO.id: 2}),
        (S.SHIPPED, [reprint(0, printed=True)], [parcel(1)], ALL),
    ],
)
def test_what_is_due(
    status: ProductionStatus, reprints: list[Reprint], shipments: list[Shipment], pieces: dict[object, int]
) -> None:
    assert due(replace(ORDER, production_status=status), ITEMS, reprints, shipments) == pieces
    held = replace(ORDER, production_status=S.HELD, held_from=status)
    assert due(held, ITEMS, reprints, shipments) == pieces


@pytest.mark.parametrize(("status", "left"), [(S.QUEUED, {TWO.id: 3}), (S.PACKED, {TWO.id: 3}), (S.SHIPPED, ALL)])
def test_pieces_paid_back_before_they_are_sent_are_not_made(status: ProductionStatus, left: dict[object, int]) -> None:
    refunded = (replace(ITEM, refunded=3), replace(TWO, refunded=2))
    assert due(replace(ORDER, production_status=status), refunded, [], []) == left
