"""Orders with lines and refunds for tests, written by statements of their own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund
from tests.shared.db import catalogue
from tests.shared.db.catalogue import insert

SHIP_TO: Mapping[str, str] = {
    "name": "Zoë Łęcka",
    "line1": "1 Main Street",
    "line2": "",
    "city": "Berlin",
    "region": "",
    "postal_code": "10115",
    "country": "DE",
    "phone": "+49 30 1",
}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def number() -> str:
    """A new order number."""
    value = ids.new().int % 32**8
    letters = "".join(_ALPHABET[value >> 5 * place & 31] for place in range(8))
    return f"ST-{letters[:4]}-{letters[4:]}"


def line(quantity: int = 1, unit: int = 2000, discount: int = 0, tax_bp: int = 1900, **changes: Any) -> dict[str, Any]:
    tax = (2 * (quantity * unit - discount) * tax_bp + 10_000) // 20_000
    facts = {"quantity": quantity, "unit_cents": unit, "discount_cents": discount, "tax_bp": tax_bp, "tax_cents": tax}
    named = {"title": "Heavyweight tee", "colour": "Black", "colour_hex": "1c1c1f", "size": "M", "sku": "heavy-tee-M"}
    return {**named, **facts, "total_cents": quantity * unit - discount + tax, **changes}


def paid(
    connection: Connection, *lines: Mapping[str, Any], shipping: int = 500, shipping_tax: int = 95, **changes: Any
) -> tuple[Order, tuple[OrderItem, ...]]:
    """A test order of a new customer, paid in full unless `changes` say otherwise; one line if none is given."""
    chosen = lines or (line(),)
    order_id = ids.new()
    insert(connection, "orders", _order_row(connection, order_id, chosen, shipping, shipping_tax) | changes)
    product_id = catalogue.product(connection, slug=f"tee-{order_id}")
    for at, one in enumerate(chosen, 1):
        sku = f"{order_id}-{at}"
        variant_id = catalogue.variant(connection, product_id, sku, size=str(at))
        row = {"id": ids.new(), "order_id": order_id, "line": at, "variant_id": variant_id, **one}
        insert(connection, "order_items", row)
    return read(connection, order_id)


def _order_row(
    connection: Connection, order_id: UUID, lines: Sequence[Mapping[str, Any]], shipping: int, shipping_tax: int
) -> dict[str, Any]:
    customer_id = ids.new()
    customer = {"id": customer_id, "email": f"{customer_id}@shop.example", "name": "Zoë", "password_hash": "none"}
    insert(connection, "customers", customer)
    tax = sum(one["tax_cents"] for one in lines) + shipping_tax
    subtotal = sum(one["quantity"] * one["unit_cents"] for one in lines)
    discount = sum(one["discount_cents"] for one in lines)
    total = subtotal - discount + shipping + tax
    sums = {"subtotal_cents": subtotal, "discount_cents": discount, "tax_cents": tax, "total_cents": total}
    postage = {"shipping_cents": shipping, "shipping_tax_bp": 1900, "shipping_tax_cents": shipping_tax}
    named = {"id": order_id, "order_number": number(), "customer_id": customer_id, "quote_id": ids.new(), "test": True}
    paid_at = {"received_cents": total, "paid_at": datetime.now(UTC)}
    to = {"zone": "Germany", "weight_g": 180, "ship_to": json.dumps(SHIP_TO), "currency": "eur"}
    return {**named, **sums, **postage, **paid_at, **to}


def read(connection: Connection, order_id: UUID) -> tuple[Order, tuple[OrderItem, ...]]:
    rows = connection.execute("select * from order_items where order_id = %s order by line", [order_id]).fetchall()
    items = tuple(OrderItem(**{name: value for name, value in row.items() if name != "order_id"}) for row in rows)
    row = connection.execute("select * from orders where id = %s", [order_id]).fetchone()
    assert row is not None
    return Order(**{field.name: row[field.name] for field in fields(Order)}), items


def refund(connection: Connection, order: Order, *lines: Mapping[str, Any]) -> Refund:
    """A refund that has succeeded, with a payment of its own."""
    payment_id, refund_id = ids.new(), ids.new()
    payment = {"id": payment_id, "order_id": order.id, "kind": "payment_intent", "stripe_id": f"pi_{payment_id}"}
    money = {"amount_cents": order.total_cents, "currency": order.currency, "status": "succeeded"}
    key = {"idempotency_key": f"pay_{payment_id}", "received_at": datetime.now(UTC)}
    insert(connection, "payments", {**payment, **money, **key})
    amount = sum(one["cents"] for one in lines) or 1
    row = {"id": refund_id, "payment_id": payment_id, "order_id": order.id, "status": "succeeded", "actor": "ann"}
    row |= {"idempotency_key": f"ref_{refund_id}", "amount_cents": amount, "lines": json.dumps(lines)}
    insert(connection, "refunds", row)
    found = connection.execute("select * from refunds where id = %s", [refund_id]).fetchone()
    assert found is not None
    return Refund(**found)
