"""An order keeps what was quoted, takes stock and pictures, and costs what its quote costs."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.api.orders import placing
from shared import errors, shop_errors
from shared.db import assets, designs, discounts, ids, order_events, order_items, orders, price_lists, variants
from shared.db.pool import Connection, Database
from shared.models.asset import AssetKind
from shared.models.customer import Customer
from shared.models.order import ARTWORK, Order, PaymentStatus, ProductionStatus
from shared.models.price_list import Destination, Postage, PriceList, Tax, Zone
from tests.services.api.orders import rows


def _stock(connection: Connection, order: Order) -> list[int]:
    found = (variants.find(connection, item.variant_id) for item in order_items.of_order(connection, order.id))
    return [variant.stock for variant in found if variant]


def test_an_order_keeps_lines_prints_and_charges_of_its_quote(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.order(connection, quantities=(2, 1), stock=10, discount_cents=100)
        items = order_items.of_order(connection, order.id)
        assert order == orders.find(connection, order.customer_id, order.id)
    assert (order.payment_status, order.production_status) == (PaymentStatus.UNPAID, ProductionStatus.WAITING)
    assert [item.quantity for item in items] == [2, 1]
    assert [item.line for item in items] == [1, 2]
    assert (items[0].unit_cents, items[0].discount_cents, items[0].tax_cents) == (2400, 100, 470)
    assert {(one.placement, one.width_um, one.height_um) for item in items for one in item.prints} == {
        ("front", 200_000, 150_000)
    }
    assert order.tax_cents == sum(item.tax_cents for item in items) + order.shipping_tax_cents
    assert order.total_cents == sum(item.total_cents for item in items) + 550
    assert order.hold_until is not None
    assert order.test


def test_an_order_takes_stock_and_says_so(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.order(connection, quantities=(2, 1), stock=10)
        assert _stock(connection, order) == [8, 9]
        moves = connection.execute("select quantity, reason, note from stock_moves order by quantity").fetchall()
        (event,) = order_events.of_order(connection, order.id)
    assert [tuple(move.values()) for move in moves] == [
        (-2, "sold", order.order_number),
        (-1, "sold", order.order_number),
    ]
    assert event.what == "placed"


def test_lines_of_one_variant_take_its_stock_together(database: Database) -> None:
    with database.transaction() as connection:
        customer = rows.add_customer(connection)
        product_id = rows.add_product(connection, 1, stock=2)
        (variant,) = variants.of_product(connection, product_id)
        design = rows.add_design(connection, customer, product_id)
        lines = [rows.line(variant, 1), rows.line(variant, 1, design)]
        placed = _place(connection, customer, lines)
        assert _stock(connection, placed) == [0, 0]
        with pytest.raises(shop_errors.OutOfStock) as refusal:
            _place(connection, customer, lines)
    assert refusal.value.details == {variant.sku: 0}


def _place(connection: Connection, customer: Customer, lines: list[Any], **ship_to: str) -> Order:
    quote = rows.add_quote(connection, customer, lines)
    return placing.place(connection, customer, quote.id, {**rows.SHIP_TO, **ship_to}, test=True).order


def test_each_picture_is_copied_once_and_outlives_the_customer_s(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.order(connection, quantities=(1, 1))
        (picture,) = {one.asset_id for item in order_items.of_order(connection, order.id) for one in item.prints}
        (design,) = designs.find_many(connection, None, [_design_of(connection, order)])
        original = assets.find(connection, None, design.placements[0].asset_id)
        assert original is not None
        assets.delete(connection, original.owner, original.id)
        copy = assets.find(connection, ARTWORK, picture)
    assert copy is not None
    assert (copy.kind, copy.key, copy.stored_sha256) == (AssetKind.PRINT, original.key, original.stored_sha256)
    assert (copy.name, copy.made_of, copy.job_id) == ("", None, None)


def _design_of(connection: Connection, order: Order) -> UUID:
    return order_items.of_order(connection, order.id)[0].prints[0].design_id


_POSTAGE = (Postage(1000, 500),)
_PRICES = PriceList(
    methods={},
    breaks=(),
    zones=(Zone("Home", ("US",), _POSTAGE), Zone("Hawaii", ("US:967",), _POSTAGE)),
    taxes=(Tax("US", date(2024, 1, 1), rows.TAX_BP), Tax("US:33", date(2024, 1, 1), 700)),
)


class _Cart:
    """A customer's quote of one printed line."""

    def __init__(self, connection: Connection, **quoted: Any) -> None:
        self.connection = connection
        self.customer = rows.add_customer(connection)
        self.product_id = rows.add_product(connection, 1)
        self.design = rows.add_design(connection, self.customer, self.product_id)
        (variant,) = variants.of_product(connection, self.product_id)
        self.quote = rows.add_quote(connection, self.customer, [rows.line(variant, 1, self.design)], **quoted)

    def place(self, **ship_to: str) -> Order:
        return placing.place(
            self.connection, self.customer, self.quote.id, {**rows.SHIP_TO, **ship_to}, test=True
        ).order


def _delete_picture(cart: _Cart) -> None:
    assets.delete(cart.connection, cart.customer.owner, cart.design.placements[0].asset_id)


def _delete_design(cart: _Cart) -> None:
    designs.delete(cart.connection, cart.customer.owner, cart.design.id)


@pytest.mark.parametrize("spoil", [_delete_picture, _delete_design])
def test_what_can_no_longer_be_printed_is_not_sold(database: Database, spoil: Callable[[_Cart], None]) -> None:
    with database.transaction() as connection:
        cart = _Cart(connection)
        spoil(cart)
        with pytest.raises(shop_errors.NotPrintable) as refusal:
            cart.place()
    assert refusal.value.details == {"designId": str(cart.design.id)}


def test_a_design_that_grew_since_it_was_priced_is_priced_again(database: Database) -> None:
    with database.transaction() as connection:
        cart = _Cart(connection)
        connection.execute("update design_placements set width_um = width_um + 1000")
        with pytest.raises(shop_errors.QuoteExpired):
            cart.place()


def test_a_quote_holds_for_a_product_that_is_archived_or_dearer_since(database: Database) -> None:
    """MO2."""
    with database.transaction() as connection:
        cart = _Cart(connection)
        connection.execute("update products set status = 'archived'")
        connection.execute("update variants set archived_at = now(), price_cents = price_cents + 500")
        assert cart.place().total_cents == cart.quote.charges.total_cents


def test_a_quote_is_used_once_and_only_until_it_expires(database: Database) -> None:
    with database.transaction() as connection:
        cart, other = _Cart(connection), _Cart(connection)
        cart.place()
        with pytest.raises(shop_errors.QuoteUsed):
            cart.place()
        connection.execute(
            "update quotes set created_at = now() - interval '31 minutes', expires_at = now() - interval '1 minute' "
            "where id = %s",
            [other.quote.id],
        )
        with pytest.raises(shop_errors.QuoteExpired):
            other.place()
        other.quote = cart.quote
        with pytest.raises(errors.NotFound):
            other.place()


def test_an_erased_customer_orders_nothing(database: Database) -> None:
    with database.transaction() as connection:
        cart = _Cart(connection)
        connection.execute("update customers set deleted_at = now(), email = null, password_hash = null, name = ''")
        with pytest.raises(errors.Unauthorized):
            cart.place()


@pytest.mark.parametrize(
    ("quoted", "sent", "field"),
    [
        (Destination("US", "10001"), Destination("DE", "10001"), "country"),
        (Destination("US", "10001"), Destination("US", "96701"), "postalCode"),
        (Destination("US", ""), Destination("US", "10001"), None),
        (Destination("US", ""), Destination("US", "96701"), "postalCode"),
        (Destination("US", ""), Destination("US", "33101"), "postalCode"),
    ],
)
def test_a_price_holds_where_postage_and_tax_are_the_same(
    database: Database, quoted: Destination, sent: Destination, field: str | None
) -> None:
    with database.transaction() as connection:
        price_lists.add(connection, 0, _PRICES, "ann")
        cart = _Cart(connection, destination=quoted, price_version=1)
        ship_to = {"country": sent.country, "postal_code": sent.postal_code}
        if field is None:
            assert cart.place(**ship_to).ship_to["postal_code"] == sent.postal_code
            return
        with pytest.raises(shop_errors.BadAddress) as refusal:
            cart.place(**ship_to)
    assert refusal.value.details == {"field": field}


def test_a_used_up_discount_code_refuses_the_order(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(
            "insert into discounts (id, code, off_bp, max_uses) values (%s, 'AUTUMN', 1000, 1)", [ids.new()]
        )
        assert _Cart(connection, discount_code="AUTUMN").place().discount_code == "AUTUMN"
        used = discounts.find(connection, "AUTUMN")
        assert used is not None
        assert used.uses == 1
        with pytest.raises(shop_errors.DiscountRefused):
            _Cart(connection, discount_code="AUTUMN").place()
