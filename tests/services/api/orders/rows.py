"""Orders for tests, with all that they hang on: a customer, a product, a design, a quote."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.api.orders import placing
from shared.db import assets, customers, designs, ids, orders, quotes, variants
from shared.db.pool import Connection
from shared.models.customer import Customer
from shared.models.design import Design, Placement
from shared.models.order import Order
from shared.models.price_list import Destination
from shared.models.print_check import PrintMethod
from shared.models.product import Variant
from shared.models.quote import Charges, PrintCharge, Quote, QuoteLine, ShippingLine
from tests.shared.db import catalogue
from tests.shared.db.rows import asset

SHIP_TO: Mapping[str, str] = {
    "name": "Ann Lee",
    "line1": "1 Main Street",
    "line2": "",
    "city": "New York",
    "region": "NY",
    "postal_code": "10001",
    "country": "US",
    "phone": "",
}
DESTINATION = Destination("US", "10001")
TAX_BP = 1000
SHIPPING = ShippingLine("Home", 360, 500, TAX_BP, 50)


def order(
    connection: Connection,
    *,
    customer: Customer | None = None,
    quantities: Sequence[int] = (2, 1),
    stock: int = 10,
    discount_cents: int = 0,
    discount_code: str | None = None,
    printed: bool = True,
    **facts: object,
) -> Order:
    """An order with a line for each of `quantities`: a variant of its own at 19.00 with 10 % tax, stock before it.

    Unless `printed` is False, one design is printed on the front of all of them. `facts` are set after it was placed,
    as `hold_until` or `review`.
    """
    customer = customer or add_customer(connection)
    product_id = add_product(connection, len(quantities), stock)
    design = add_design(connection, customer, product_id) if printed else None
    lines = _lines(variants.of_product(connection, product_id), quantities, design, discount_cents)
    quote = add_quote(connection, customer, lines, discount_code)
    made = placing.place(connection, customer, quote.id, SHIP_TO, test=True).order
    return change(connection, made.id, **facts) if facts else made


def paid(connection: Connection, made: Order, *, production: str = "queued", **facts: object) -> Order:
    """The order as paid in full by a payment intent `pi_<hex of the order's id>`."""
    intent = f"pi_{made.id.hex}"
    catalogue.insert(
        connection,
        "payments",
        {
            "id": ids.new(),
            "order_id": made.id,
            "kind": "payment_intent",
            "idempotency_key": f"pay_{made.id}",
            "stripe_id": intent,
            "intent_id": intent,
            "status": "succeeded",
            "amount_cents": made.total_cents,
            "currency": made.currency,
            "received_at": datetime.now(UTC),
        },
    )
    money: dict[str, object] = {"received_cents": made.total_cents, "paid_at": datetime.now(UTC), "hold_until": None}
    return change(connection, made.id, **money, production_status=production, **facts)


def change(connection: Connection, order_id: UUID, **facts: object) -> Order:
    """Set columns of an order."""
    sets = ", ".join(f"{name} = %({name})s" for name in facts)
    connection.execute(f"update orders set {sets} where id = %(id)s".encode(), {**facts, "id": order_id})
    return found(connection, order_id)


def found(connection: Connection, order_id: UUID) -> Order:
    now = orders.find(connection, None, order_id)
    assert now is not None
    return now


def add_customer(connection: Connection, email: str | None = None) -> Customer:
    return customers.add(connection, email or f"{ids.new().hex}@shop.example", "Ann", "no hash")


def add_product(connection: Connection, number: int = 2, stock: int = 10) -> UUID:
    """An active product with so many variants."""
    slug = f"tee-{ids.new().hex}"
    product_id = catalogue.product(connection, slug=slug)
    catalogue.area(connection, product_id)
    for size in range(number):
        catalogue.variant(connection, product_id, f"{slug}-{size}", size=f"{size}", stock=stock)
    return product_id


def add_design(connection: Connection, customer: Customer, product_id: UUID, **changes: Any) -> Design:
    """A picture of the customer's, 200 x 150 mm, on the front."""
    picture, _ = assets.add(connection, asset(str(ids.new()), owner=customer.owner, stored_sha256="0" * 64))
    placed = Placement("front", picture.id, PrintMethod.DTG, 10_000, 20_000, 200_000, (640, 480), **changes)
    now = datetime.now(UTC)
    design = Design(ids.new(), customer.owner, product_id, "Party", "1c1c1f", (placed,), now, now)
    designs.add(connection, design)
    return design


def add_quote(
    connection: Connection,
    customer: Customer,
    lines: Sequence[QuoteLine],
    discount_code: str | None = None,
    destination: Destination = DESTINATION,
    price_version: int = 0,
) -> Quote:
    return quotes.add(
        connection,
        ids.new(),
        customer.owner,
        Charges(tuple(lines), SHIPPING),
        currency="usd",
        destination=destination,
        discount_code=discount_code,
        price_version=price_version,
    )


def line(variant: Variant, quantity: int = 1, design: Design | None = None, discount_cents: int = 0) -> QuoteLine:
    """A priced line of a variant, printed for 5.00 where there is a design."""
    placed = design.placements if design else ()
    prints = tuple(PrintCharge(one.method, one.width_um, one.height_um, 500) for one in placed)
    unit_cents = variant.price_cents + sum(charge.cents for charge in prints)
    return QuoteLine(
        variant_id=variant.id,
        sku=variant.sku,
        title=variant.title,
        colour=variant.colour,
        size=variant.size,
        design_ids=(design.id,) if design else (),
        quantity=quantity,
        garment_cents=variant.price_cents,
        prints=prints,
        break_bp=0,
        unit_cents=unit_cents,
        discount_cents=discount_cents,
        tax_rate_bp=TAX_BP,
        tax_cents=(quantity * unit_cents - discount_cents) // 10,
    )


def _lines(
    sold: Sequence[Variant], quantities: Sequence[int], design: Design | None, discount_cents: int
) -> list[QuoteLine]:
    discounts = [discount_cents, *[0] * len(quantities)]
    return [
        line(variant, quantity, design, discount)
        for variant, quantity, discount in zip(sold, quantities, discounts, strict=False)
    ]
