"""An order made from a quote, in one transaction: quote and discount used, stock taken, pictures copied, lines stored.

Rows are locked in one order by everything that changes orders: customer, quote, discount, order, payments, pictures,
variants by id. Stripe is never called here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
    order_events,
    order_items,
    orders,
    price_lists,
    quotes,
    stock_reservations,
    variants,
)
from shared.db.pool import Connection
from shared.models.asset import Asset, AssetKind
from shared.models.customer import Customer
from shared.models.design import Design
from shared.models.order import ARTWORK, CUSTOMER, Order, OrderItem, OrderPrint
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
    copies = _copies(connection, customer, chosen)
    sold = variants.find_many(connection, {line.variant_id for line in lines})
    items = _items(lines, sold, chosen, copies)
    _require_stock(sold, items)
    order = _order(connection, customer, quote, ship_to, test=test)
    if copies:
        assets.add_all(connection, copies.values())
    order_items.add(connection, order.id, items)
    placed = order_events.add(connection, order.id, "placed", CUSTOMER)
    _take(connection, items)  # last, because others who buy the same wait from here on
    stock_reservations.record(connection, items, order.order_number, CUSTOMER)
    return WholeOrder(order, items, [placed])


def artwork_copy(asset: Asset) -> Asset:
    """The shop's own copy of a picture: a row of the same stored object."""
    return replace(
        asset,
        id=ids.new(),
        owner=ARTWORK,
        kind=AssetKind.PRINT if asset.kind is AssetKind.SOURCE else asset.kind,  # no two sources are equal
        name="",
        job_id=None,
        made_of=None,
        origins=None,
        created_at=datetime.now(UTC),
    )


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


def _copies(connection: Connection, customer: Customer, chosen: Mapping[UUID, Design]) -> Mapping[UUID, Asset]:
    """The shop's own copy of each picture, which outlives the customer's; both are one stored object."""
    wanted = {one.asset_id: design.id for design in chosen.values() for one in design.placements}
    kept = {asset.id: asset for asset in assets.keep_many(connection, customer.owner, wanted)} if wanted else {}
    copies = {}
    for asset_id, design_id in wanted.items():
        asset = kept.get(asset_id)
        if asset is None or asset.stored_sha256 is None:  # deleted, or of a release whose objects cannot be verified
            raise shop_errors.NotPrintable("A picture is missing.", details={"designId": str(design_id)})
        copies[asset_id] = artwork_copy(asset)
    return copies


def _items(
    lines: Sequence[QuoteLine], sold: Sequence[Variant], chosen: Mapping[UUID, Design], copies: Mapping[UUID, Asset]
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


def _prints(chosen: Sequence[Design], copies: Mapping[UUID, Asset]) -> tuple[OrderPrint, ...]:
    placed = [(design.id, one) for design in chosen for one in design.placements]
    return tuple(
        OrderPrint(
            id=ids.new(),
            position=position,
            design_id=design_id,
            placement=one.name,
            asset_id=copies[one.asset_id].id,
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
def _take(connection: Connection, items: Sequence[OrderItem]) -> None:
    if missing := stock_reservations.take(connection, stock_reservations.of_items(items)):
        raise shop_errors.OutOfStock(details=dict(missing))


def _order(
    connection: Connection, customer: Customer, quote: Quote, ship_to: Mapping[str, str], *, test: bool
) -> Order:
    for _ in range(_NUMBERS):
        order = orders.add(
            connection,
            order_id=ids.new(),
            number=numbering.new(),
            customer_id=customer.id,
            quote=quote,
            ship_to=ship_to,
            test=test,
        )
        if order:
            return order
    raise errors.Unavailable("No order number was free; please try again.")
