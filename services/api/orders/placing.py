"""An order made from a quote, in one transaction: quote and discount used, stock taken, pictures copied, lines stored.

Rows are locked in one order by everything that changes orders: customer, quote, discount, order, payments, pictures,
variants by id. Stripe is never called here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from services.api.orders import numbering
from services.api.orders.whole import WholeOrder
from services.api.pricing import rules
from services.api.pricing.default_list import DEFAULT
from shared import errors, failpoints, shop_errors
from shared.db import (
    assets,
    customers,
    designs,
    ids,
    orders,
    price_lists,
    quotes,
    stock_reservations,
    variants,
)
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.design import Design
from shared.models.order import ARTWORK, CUSTOMER, Order, OrderEvent, OrderItem, OrderPrint
from shared.models.price_list import Destination
from shared.models.product import Variant
from shared.models.quote import Quote, QuoteLine

_NUMBERS = 5  # tries: with a million orders, one in a million is taken


@failpoints.after("o2")
def place(
    connection: Connection, customer: Customer, quote_id: UUID, ship_to: Mapping[str, str], *, test: bool
) -> WholeOrder:
    """Raises a failure of the quote, BadAddress, NotPrintable or OutOfStock; then the transaction is rolled back."""
    if customers.find(connection, customer.id, lock=True) is None:
        raise errors.Unauthorized("Sign in first.")
    quote = quotes.use(connection, customer.owner, quote_id)
    _require_destination(connection, quote, Destination(ship_to["country"], ship_to["postal_code"]))
    lines = quote.charges.lines
    chosen = _designs(connection, customer, lines)
    pictures = {one.asset_id: design.id for design in chosen.values() for one in design.placements}
    copies = {asset_id: ids.new() for asset_id in pictures}
    sold = variants.find_many(connection, {line.variant_id for line in lines})
    items = _items(lines, sold, chosen, copies)
    _require_stock(sold, items)
    order, placed = _order(connection, customer, quote, items, ship_to, test=test)
    _copy(connection, customer, pictures, copies)
    _take(connection, items, order.order_number)  # last, because others who buy the same wait from here on
    return WholeOrder(order, items, [placed])


def _require_destination(connection: Connection, quote: Quote, destination: Destination) -> None:
    """A quote without the whole address holds for any that has the same postage and tax. Raises BadAddress."""
    if destination.country != quote.destination.country:
        raise _elsewhere("country")
    if destination == quote.destination:
        return
    prices = price_lists.find(connection, quote.price_version) or DEFAULT
    priced_at = quote.expires_at - timedelta(seconds=quotes.HOLDS_S)
    if not rules.holds_for(prices, quote.charges, destination, priced_at.date()):
        raise _elsewhere("postalCode")


def _elsewhere(field: str) -> shop_errors.BadAddress:
    return shop_errors.BadAddress(
        "The price is for another place; ask for one to this address.", details={"field": field}
    )


def _designs(connection: Connection, customer: Customer, lines: Sequence[QuoteLine]) -> Mapping[UUID, Design]:
    """The designs of the lines as they were priced; a product that is no longer sold is, within its quote."""
    wanted = {design_id for line in lines for design_id in line.design_ids}
    known = designs.find_many(connection, customer.owner, wanted) if wanted else []
    chosen = {design.id: design for design in known}
    for design_id in sorted(wanted):
        if design_id not in chosen:
            raise shop_errors.NotPrintable("A design was deleted.", details={"designId": str(design_id)})
    for line in lines:
        placements = [one for design_id in line.design_ids for one in chosen[design_id].placements]
        printed = Counter((one.method, one.width_um, one.height_um) for one in placements)
        if printed != Counter((charge.method, charge.width_um, charge.height_um) for charge in line.prints):
            raise shop_errors.QuoteExpired("A design was changed since; ask for a new price.")
    return chosen


def _copy(
    connection: Connection, customer: Customer, pictures: Mapping[UUID, UUID], copies: Mapping[UUID, UUID]
) -> None:
    """The shop's own copy of each picture, which outlives the customer's; both are one stored object.

    `pictures`: a design that shows each, by their ids.
    """
    copied = assets.copy(connection, customer.owner, copies, ARTWORK) if copies else set()
    for asset_id, design_id in pictures.items():
        if asset_id not in copied:
            raise shop_errors.NotPrintable("A picture is missing.", details={"designId": str(design_id)})


def _items(
    lines: Sequence[QuoteLine], sold: Sequence[Variant], chosen: Mapping[UUID, Design], copies: Mapping[UUID, UUID]
) -> tuple[OrderItem, ...]:
    colours = {variant.id: variant.colour_hex for variant in sold}
    return tuple(
        OrderItem(
            id=ids.new(),
            line=number,
            variant_id=line.variant_id,
            sku=line.sku,
            title=line.title,
            colour=line.colour,
            colour_hex=colours[line.variant_id],
            size=line.size,
            quantity=line.quantity,
            unit_cents=line.unit_cents,
            discount_cents=line.discount_cents,
            tax_bp=line.tax_rate_bp,
            tax_cents=line.tax_cents,
            total_cents=line.total_cents,
            prints=_prints([chosen[design_id] for design_id in line.design_ids], copies),
        )
        for number, line in enumerate(lines, 1)
    )


def _prints(chosen: Sequence[Design], copies: Mapping[UUID, UUID]) -> tuple[OrderPrint, ...]:
    placed = [(design.id, one) for design in chosen for one in design.placements]
    return tuple(
        OrderPrint(
            id=ids.new(),
            position=position,
            design_id=design_id,
            placement=one.name,
            asset_id=copies[one.asset_id],
            method=one.method,
            left_um=one.left_um,
            top_um=one.top_um,
            width_um=one.width_um,
            height_um=one.height_um,
            rotation_mdeg=one.rotation_mdeg,
        )
        for position, (design_id, one) in enumerate(placed)
    )


def _require_stock(sold: Sequence[Variant], items: Sequence[OrderItem]) -> None:
    """Refuse at once what is sold out already: `_take` decides, but only after it has waited for others."""
    pieces = stock_reservations.of_items(items)
    if missing := {one.sku: one.stock for one in sold if one.stock < pieces[one.id]}:
        raise shop_errors.OutOfStock(details=missing)


@failpoints.after("o1")
def _take(connection: Connection, items: Sequence[OrderItem], number: str) -> None:
    if missing := stock_reservations.take(connection, items, number, CUSTOMER):
        raise shop_errors.OutOfStock(details=dict(missing))


def _order(
    connection: Connection,
    customer: Customer,
    quote: Quote,
    items: Sequence[OrderItem],
    ship_to: Mapping[str, str],
    *,
    test: bool,
) -> tuple[Order, OrderEvent]:
    for _ in range(_NUMBERS):
        made = orders.add(
            connection,
            order_id=ids.new(),
            number=numbering.new(),
            customer_id=customer.id,
            quote=quote,
            items=items,
            ship_to=ship_to,
            test=test,
        )
        if made:
            return made
    raise errors.Unavailable("No order number was free; please try again.")
