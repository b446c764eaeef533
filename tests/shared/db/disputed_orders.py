"""Orders with lines and payments for tests, written by statements of their own."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.db import customers, ids
from shared.db.pool import Connection, Database
from shared.models.payment import PaymentState
from tests.shared.db import catalogue
from tests.shared.db.catalogue import insert

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LINES: Sequence[tuple[int, int]] = ((3, 1000), (1, 2000))  # quantity and price
SHIPPING = 500
TOTAL = 5500 + 1275 + 128  # with 25.5 % of tax on lines and shipping: 765, 510, and 127.5
RATE = 2550


def number(seed: UUID) -> str:
    letters = "".join(LETTERS[seed.int >> (5 * place) & 31] for place in range(8))
    return f"ST-{letters[:4]}-{letters[4:]}"


def order(connection: Connection, /, **facts: object) -> UUID:
    """An order of four pieces on two lines, 69.03 in all, that is not paid."""
    order_id = ids.new()
    customer = customers.by_email(connection, "ann@mail.example") or customers.add(
        connection, "ann@mail.example", "Ann", "no hash"
    )
    row: Mapping[str, object] = {
        "id": order_id,
        "order_number": number(order_id),
        "customer_id": customer.id,
        "quote_id": ids.new(),
        "test": True,
        "currency": "usd",
        "subtotal_cents": 5000,
        "discount_cents": 0,
        "shipping_cents": SHIPPING,
        "shipping_tax_bp": RATE,
        "shipping_tax_cents": 128,
        "tax_cents": 1275 + 128,
        "total_cents": TOTAL,
        "zone": "Europe",
        "weight_g": 720,
        "ship_to": "{}",
    }
    insert(connection, "orders", {**row, **facts})
    product_id = catalogue.product(connection, slug=f"tee-{order_id}")
    for line, (quantity, unit_cents) in enumerate(LINES, 1):
        _item(connection, order_id, product_id, line, quantity, unit_cents)
    return order_id


def _item(connection: Connection, order_id: UUID, product_id: UUID, line: int, quantity: int, unit_cents: int) -> None:
    sku, size = f"tee-{order_id}-{line}", catalogue.SIZES[line]
    tax_cents = quantity * unit_cents * RATE // 10_000
    row = {
        "id": ids.new(),
        "order_id": order_id,
        "line": line,
        "variant_id": catalogue.variant(connection, product_id, sku, size=size),
        "sku": sku,
        "title": "Heavyweight tee",
        "colour": "Black",
        "colour_hex": "1c1c1f",
        "size": size,
        "quantity": quantity,
        "unit_cents": unit_cents,
        "tax_bp": RATE,
        "tax_cents": tax_cents,
        "total_cents": quantity * unit_cents + tax_cents,
    }
    insert(connection, "order_items", row)


def payment(connection: Connection, order_id: UUID, /, amount_cents: int = TOTAL, **facts: object) -> UUID:
    """A payment that succeeded, with the intent `pi_<its id>`; the order has received the sum of its payments."""
    payment_id = ids.new()
    row: Mapping[str, object] = {
        "id": payment_id,
        "order_id": order_id,
        "kind": "payment_intent",
        "idempotency_key": f"pay_{payment_id}",
        "stripe_id": f"pi_{payment_id.hex}",
        "intent_id": f"pi_{payment_id.hex}",
        "status": PaymentState.SUCCEEDED,
        "amount_cents": amount_cents,
        "currency": "usd",
        "received_at": "2026-11-30T12:00Z",
    }
    insert(connection, "payments", {**row, **facts})
    connection.execute(
        """update orders
        set received_cents = received_cents + %(cents)s, paid_at = now(),
            review = case when received_cents + %(cents)s <> total_cents and cancelled_at is null then 'amount' end
        where id = %(id)s and %(status)s = 'succeeded'""",
        {"id": order_id, "cents": amount_cents, "status": facts.get("status", "succeeded")},
    )
    return payment_id


def paid(database: Database, /, **facts: object) -> tuple[UUID, UUID]:
    """An order that is paid, and its payment."""
    with database.transaction() as connection:
        order_id = order(connection, **facts)
        return order_id, payment(connection, order_id)
