"""Moves of stock: what the database refuses, whatever asks for it."""

from uuid import UUID

import psycopg
import pytest

from shared import errors, shop_errors
from shared.db import ids, stock_moves
from shared.models.stock_move import MAX_STOCK, StockReason
from tests.shared.db import catalogue
from tests.shared.db.conftest import Records

MOVE: dict[str, object] = {"quantity": 3, "reason": "received", "note": "", "actor": "anne"}


@pytest.fixture
def variant(records: Records) -> UUID:
    with records.database.transaction() as connection:
        return catalogue.variant(connection, catalogue.product(connection))


WRONG: dict[str, dict[str, object]] = {
    "nothing": {"quantity": 0},
    "no reason": {"reason": "because"},
    "a long note": {"note": "x" * 201},
    "nobody": {"actor": ""},
    "a long name": {"actor": "x" * 201},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_an_impossible_move_is_refused(records: Records, variant: UUID, wrong: dict[str, object]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), records.database.transaction() as connection:
        catalogue.insert(connection, "stock_moves", {"id": ids.new(), "variant_id": variant, **MOVE, **wrong})


def test_a_move_of_no_variant_is_refused(records: Records) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), records.database.transaction() as connection:
        catalogue.insert(connection, "stock_moves", {"id": ids.new(), "variant_id": ids.new(), **MOVE})


def test_a_move_that_cannot_be_leaves_nothing_behind(records: Records, variant: UUID) -> None:
    for quantity in (-8, MAX_STOCK):
        with pytest.raises(shop_errors.OutOfStock) as refusal, records.database.transaction() as connection:
            stock_moves.move(connection, variant, quantity, StockReason.COUNTED, "", "anne")
        assert refusal.value.details == {"heavy-tee-M": 7}
    with records.database.transaction() as connection:
        assert stock_moves.page(connection, variant, 10, None).items == []
        with pytest.raises(errors.NotFound):
            stock_moves.move(connection, ids.new(), 1, StockReason.COUNTED, "", "anne")


def test_moves_are_found_by_their_index(records: Records, variant: UUID) -> None:
    with records.database.transaction() as connection:
        connection.execute("set local enable_seqscan = off")
        plan = connection.execute(
            "explain select id from stock_moves where variant_id = %s order by created_at desc, id desc limit 20",
            [variant],
        ).fetchall()
    assert "stock_moves_variant" in str(plan)
