"""Copies of pictures and files made of them go with their orders, long after these are finished."""

from dataclasses import replace
from uuid import UUID

import pytest

from shared.db import assets, ids, order_artwork, order_items
from shared.db.pool import Connection, Database
from shared.models.asset import AssetKind
from shared.models.order import ARTWORK, Order
from tests.services.api.orders import rows

_DAY_S = 86_400


def _copy(connection: Connection, order: Order) -> UUID:
    return order_items.of_order(connection, order.id)[0].prints[0].asset_id


def _file(connection: Connection, *copies: UUID) -> UUID:
    """A file for the printer: of one copy, or a gang sheet of several."""
    copy = assets.find(connection, ARTWORK, copies[0])
    assert copy is not None
    made_of, origins = (None, copies) if len(copies) > 1 else (copies[0], None)
    made = replace(copy, id=ids.new(), kind=AssetKind.FILE, made_of=made_of, origins=origins)
    return assets.add(connection, made)[0].id


def _age(connection: Connection, days: int) -> None:
    for table, column in (("assets", "created_at"), ("order_events", "at")):
        connection.execute(f"update {table} set {column} = now() - %s * interval '1 day'".encode(), [days])


def _kept(connection: Connection) -> set[UUID]:
    rows = connection.execute("select id from assets where owner_type = 'shop' and deleted_at is null").fetchall()
    return {row["id"] for row in rows}


@pytest.mark.parametrize("production", ["shipped", "delivered"])
def test_artwork_goes_once_its_order_is_long_finished(database: Database, production: str) -> None:
    with database.transaction() as connection:
        order = rows.order(connection)
        made = {_copy(connection, order), _file(connection, _copy(connection, order))}
        _age(connection, 100)
        assert order_artwork.expire(connection, 90 * _DAY_S, 10) == 0, "it is waiting"
        rows.paid(connection, order, production=production)
        assert _kept(connection) == made
        assert order_artwork.expire(connection, 101 * _DAY_S, 10) == 0, "not long enough"
        assert order_artwork.expire(connection, 90 * _DAY_S, 1) == 1
        assert order_artwork.expire(connection, 90 * _DAY_S, 10) == 1
        assert _kept(connection) == set()


def test_artwork_stays_while_anything_happens_to_its_order(database: Database) -> None:
    with database.transaction() as connection:
        rows.paid(connection, rows.order(connection), production="shipped")
        _age(connection, 100)
        connection.execute("update order_events set at = now() - interval '80 days'")
        assert order_artwork.expire(connection, 90 * _DAY_S, 10) == 0


def test_a_gang_sheet_stays_as_long_as_the_last_of_its_orders(database: Database) -> None:
    with database.transaction() as connection:
        first, second = rows.order(connection), rows.order(connection)
        sheet = _file(connection, _copy(connection, first), _copy(connection, second))
        rows.paid(connection, first, production="shipped")
        _age(connection, 100)
        order_artwork.expire(connection, 90 * _DAY_S, 10)
        assert _kept(connection) == {sheet, _copy(connection, second)}
        rows.paid(connection, second, production="delivered")
        order_artwork.expire(connection, 90 * _DAY_S, 10)
        assert _kept(connection) == set()


def test_pictures_of_customers_and_those_that_the_shop_publishes_stay(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection), production="shipped")
        _age(connection, 100)
        connection.execute("update assets set owner_id = 'shop' where owner_type = 'shop'")
        assert order_artwork.expire(connection, 90 * _DAY_S, 10) == 0
        assert _kept(connection) == {_copy(connection, order)}
